import { svg, type TemplateResult } from "lit";

/** The cards of a Kinora reel, seen from the side. */
export const reel: TemplateResult = icon(
	"0 0 32 32",
	svg`${Array.from({ length: 24 }, (_, card) => {
		const angle = (card / 24) * 2 * Math.PI;
		const length = card < 3 ? 15.2 : 13 - (card % 2) * 1.2;
		const [x, y] = [Math.cos(angle), Math.sin(angle)];
		return svg`<line x1=${16 + 5 * x} y1=${16 + 5 * y} x2=${16 + length * x} y2=${16 + length * y} />`;
	})}<circle cx="16" cy="16" r="2.4" />`,
);

export const dice: TemplateResult = icon(
	"0 0 24 24",
	svg`<rect x="4" y="4" width="16" height="16" rx="3" /><circle cx="9" cy="9" r="1" /><circle cx="15" cy="9" r="1" /><circle cx="12" cy="12" r="1" /><circle cx="9" cy="15" r="1" /><circle cx="15" cy="15" r="1" />`,
);

export const lockOpen: TemplateResult = icon(
	"0 0 24 24",
	svg`<rect x="5" y="11" width="14" height="9" rx="2" /><path d="M8 11V8a4 4 0 0 1 7.6-1.8" />`,
);

export const lockClosed: TemplateResult = icon(
	"0 0 24 24",
	svg`<rect x="5" y="11" width="14" height="9" rx="2" /><path d="M8 11V8a4 4 0 0 1 8 0v3" />`,
);

export const download: TemplateResult = icon(
	"0 0 24 24",
	svg`<path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 20h14" />`,
);

export const reuse: TemplateResult = icon(
	"0 0 24 24",
	svg`<path d="M4 12a8 8 0 0 1 13.7-5.6L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.7 5.6L4 15.5M4 20v-4.5h4.5" />`,
);

export const remove: TemplateResult = icon(
	"0 0 24 24",
	svg`<path d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5" />`,
);

function icon(viewBox: string, content: TemplateResult): TemplateResult {
	return svg`<svg class="icon" viewBox=${viewBox} aria-hidden="true">${content}</svg>`;
}
