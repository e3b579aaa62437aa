import {
	getFirstEncodableVideoCodec,
	Mp4OutputFormat,
	type OutputFormat,
	QUALITY_VERY_HIGH,
	type VideoCodec,
	WebMOutputFormat,
} from "mediabunny";
import { KinoraError } from "../errors.js";

export interface VideoFormat {
	container: OutputFormat;
	codec: VideoCodec;
}

/**
 * The first container and codec that this browser can encode: MP4 with H.264 plays everywhere,
 * AV1 and VP9 in MP4 nearly so, WebM is the last resort.
 */
export async function chooseVideoFormat(width: number, height: number): Promise<VideoFormat> {
	const choices: [OutputFormat, VideoCodec[]][] = [
		[new Mp4OutputFormat({ fastStart: "in-memory" }), ["avc", "av1", "vp9"]],
		[new WebMOutputFormat(), ["vp9", "vp8"]],
	];
	for (const [container, codecs] of choices) {
		const codec = await getFirstEncodableVideoCodec(codecs, {
			width,
			height,
			quality: QUALITY_VERY_HIGH,
		});
		if (codec) return { container, codec };
	}
	throw new KinoraError(
		"no-encoder",
		`This browser cannot encode video of ${width} × ${height}. Use a current Chrome, Edge, Safari or Firefox.`,
	);
}
