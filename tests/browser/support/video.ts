import { execFileSync } from "node:child_process";

export interface VideoFacts {
	codec: string;
	width: number;
	height: number;
	frames: number;
	/** In seconds. */
	duration: number;
	tags: Record<string, string>;
}

/** What ffprobe reads in a video file, every frame decoded. */
export function probe(file: string): VideoFacts {
	const { streams, format } = JSON.parse(
		run("ffprobe", [
			...["-v", "error", "-count_frames", "-select_streams", "v:0"],
			...["-show_streams", "-show_format", "-of", "json", file],
		]).toString(),
	);
	const [stream] = streams;
	return {
		codec: stream.codec_name,
		width: stream.width,
		height: stream.height,
		frames: Number(stream.nb_read_frames),
		duration: Number(format.duration),
		tags: format.tags ?? {},
	};
}

/** The frames of a video as RGB bytes, scaled down to `width` × `height`. */
export function decode(file: string, width: number, height: number): Uint8Array[] {
	const scale = `scale=${width}:${height}:flags=area`;
	const bytes = run("ffmpeg", [
		...["-v", "error", "-i", file, "-vf", scale],
		...["-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
	]);
	const size = width * height * 3;
	return Array.from({ length: bytes.length / size }, (_, frame) =>
		bytes.subarray(frame * size, (frame + 1) * size),
	);
}

/** The mean absolute difference of two frames, from 0 to 255. */
export function difference(a: Uint8Array, b: Uint8Array): number {
	return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

function run(program: string, args: string[]): Buffer {
	try {
		return execFileSync(program, args, { maxBuffer: 2 ** 28 });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		throw new Error(`${program} is missing; install it with: sudo apt-get install ffmpeg`);
	}
}
