/** Everything that was noticed while a clip was made: what was said before, and what there may be new. */
export function withNotice(
	before: string | undefined,
	notice: string | undefined,
): string | undefined {
	if (!notice || before?.includes(notice)) return before;
	return before ? `${before} ${notice}` : notice;
}
