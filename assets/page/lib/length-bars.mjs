/* How long the matches are: the summary's lengths as bars, and the bounds that a stretch of bars stands for. Pure. */

import { binsBetween, fillBins } from "./shares.mjs";

const MOST = 28; // bars

/**
 * Of [n_shared, length, n_matches] rows: bars {from, to, strict, fuzzy}, `strict` those with all `nUnits` on, `fuzzy` all
 * that share `least` or more.
 * @param {number[][]} lengths
 * @param {number} nUnits
 * @param {number} least
 */
export function lengthBars(lengths, nUnits, least) {
  const listed = lengths.filter(([shared]) => shared >= least);
  if (!listed.length) return [];
  const every = listed.map(([, length]) => length);
  const [first, last] = [Math.min(...every), Math.max(...every)];
  const bins = binsBetween(first <= MOST ? 1 : first, last, MOST);
  /** @param {number[][]} rows */
  const pairs = (rows) => rows.map(([, length, count]) => [length, count]);
  const strict = fillBins(bins, pairs(listed.filter(([shared]) => shared === nUnits)));
  const fuzzy = fillBins(bins, pairs(listed));
  return bins.map((bin, k) => Object.assign({}, bin, { strict: strict[k], fuzzy: fuzzy[k] }));
}

/**
 * The bounds of bars `a` to `b`, in either order; open where they reach an end: {minLength, maxLength}.
 * @param {LengthBar[]} bars
 * @param {number} a
 * @param {number} b
 */
export function barBounds(bars, a, b) {
  const [first, last] = a <= b ? [a, b] : [b, a];
  return {
    minLength: first === 0 ? 1 : bars[first].from,
    maxLength: last === bars.length - 1 ? null : bars[last].to,
  };
}

/**
 * Is a bar within the bounds that hold, wholly or in part?
 * @param {LengthBar} bar
 * @param {Bounds} bounds
 */
export function isBarIn({ from, to }, { minLength, maxLength }) {
  return to >= minLength && (maxLength === null || from <= maxLength);
}

/**
 * @param {LengthBar[]} bars
 * @param {"strict" | "fuzzy"} name
 */
export function barTotal(bars, name) {
  return bars.reduce((sum, bar) => sum + bar[name], 0);
}

/**
 * "3 to 8 steps", "8 steps or more"; "" where any length is allowed.
 * @param {Bounds} bounds
 */
export function boundsWords({ minLength, maxLength }) {
  if (maxLength === null) return minLength > 1 ? `${minLength} steps or more` : "";
  if (minLength === maxLength) return minLength === 1 ? "1 step" : `${minLength} steps`;
  return minLength > 1 ? `${minLength} to ${maxLength} steps` : `up to ${maxLength} step${maxLength === 1 ? "" : "s"}`;
}
