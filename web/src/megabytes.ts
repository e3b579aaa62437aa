/** A number of bytes in MB, as people read it. */
export function megabytes(bytes: number): string {
	return (bytes / 1e6).toFixed(1);
}
