/** The folder of the files of all models, in the origin's private file system. */
export const folderName = "kinora-models";

/** What a file is called until it is complete; then it has its SHA-256 for a name. */
export function partName(sha256: string): string {
	return `${sha256}.part`;
}
