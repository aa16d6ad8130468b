/* Units that a change would select: drawn while its button is pointed at, and part of nothing else. */

import { redraw } from "../dom/frame.mjs";

/** @type {{ units: Unit[] | null, threshold: number | null }} */
export const preview = { units: null, threshold: null };

/** @param {{ units: Unit[], threshold: number } | null} shown */
export function setPreview(shown) {
  Object.assign(preview, shown || { units: null, threshold: null });
  redraw("overlay");
}
