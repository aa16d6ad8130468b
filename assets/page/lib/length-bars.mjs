/* How long the matches are: the summary's lengths as bars, and the bounds that a stretch of bars stands for. Pure. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const shares = () => lv.shares || require("./shares.js");
  const MOST = 28; // bars

  /* Of [n_shared, length, n_matches] rows: bars {from, to, strict, fuzzy}, `strict` those with all `nUnits` on, `fuzzy` all
     that share `least` or more. */
  function bars(lengths, nUnits, least) {
    const found = lengths.filter(([shared]) => shared >= least);
    if (!found.length) return [];
    const every = found.map(([, length]) => length);
    const [first, last] = [Math.min(...every), Math.max(...every)];
    const bins = shares().bins(first <= MOST ? 1 : first, last, MOST);
    const pairs = (rows) => rows.map(([, length, count]) => [length, count]);
    const strict = shares().fill(bins, pairs(found.filter(([shared]) => shared === nUnits)));
    const fuzzy = shares().fill(bins, pairs(found));
    return bins.map((bin, k) => Object.assign({}, bin, { strict: strict[k], fuzzy: fuzzy[k] }));
  }

  /* The bounds of bars `a` to `b`, in either order; open where they reach an end: {minLength, maxLength}. */
  function bounds(found, a, b) {
    const [first, last] = a <= b ? [a, b] : [b, a];
    return { minLength: first === 0 ? 1 : found[first].from, maxLength: last === found.length - 1 ? null : found[last].to };
  }

  /* Is a bar within the bounds that hold, wholly or in part? */
  function isIn({ from, to }, { minLength, maxLength }) {
    return to >= minLength && (maxLength === null || from <= maxLength);
  }

  function total(found, name) {
    return found.reduce((sum, bar) => sum + bar[name], 0);
  }

  /* "3 to 8 steps", "8 steps or more"; "" where any length is allowed. */
  function words({ minLength, maxLength }) {
    if (maxLength === null) return minLength > 1 ? `${minLength} steps or more` : "";
    if (minLength === maxLength) return minLength === 1 ? "1 step" : `${minLength} steps`;
    return minLength > 1 ? `${minLength} to ${maxLength} steps` : `up to ${maxLength} step${maxLength === 1 ? "" : "s"}`;
  }

  lv.lengthbars = { bars, bounds, isIn, total, words };
  if (typeof module !== "undefined") module.exports = lv.lengthbars;
})(typeof window !== "undefined" ? window : globalThis);
