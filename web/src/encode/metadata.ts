import type { MetadataTags } from "mediabunny";
import type { ClipParams } from "../worker/protocol.js";

/** Tags for the video file: the prompt as its title, and as JSON all that makes the clip again. */
export function metadataTags(params: ClipParams): MetadataTags {
	return {
		title: params.prompt,
		comment: JSON.stringify({ generator: "Kinora", ...params }),
		date: new Date(),
	};
}
