/* What colours the points of the map: the most frequent labels a colour each, numbers on one scale. Pure. */

export const NAMED_LABELS = 9; // labels with a colour of their own
export const SCALE_STEPS = 64; // colours of the scale

/**
 * Values as numbers (NaN: none), a track's kind and labels -> {kind, slot: Int16Array (a colour each, -1 none), legend}.
 * A category's legend: [{slot, label, count}], the most frequent first, then the others; a number's: {low, high}.
 * @param {Floats} values
 * @param {{ kind: string, labels: string[] }} track
 */
export function colouredPoints(values, { kind, labels }) {
  return kind === "category" ? byLabel(values, labels) : byNumber(values);
}

/**
 * @param {Floats} values
 * @param {string[]} labels
 */
function byLabel(values, labels) {
  const counts = new Map();
  let none = 0;
  for (const value of values) {
    if (!Number.isNaN(value)) counts.set(value, (counts.get(value) || 0) + 1);
    else none++;
  }
  const order = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
  const named = order.slice(0, NAMED_LABELS).sort((a, b) => a - b); // a label keeps its place among its neighbours
  const places = new Map(named.map((code, slot) => [code, slot]));
  const slot = Int16Array.from(values, (value) =>
    !Number.isNaN(value) ? (places.has(value) ? places.get(value) : NAMED_LABELS) : -1,
  );
  const /** @type {{ slot: number, label: string | null, count: number, nLabels?: number }[]} */ legend = named.map(
      (code, k) => ({ slot: k, label: labels[code], count: counts.get(code) }),
    );
  const rest = order.slice(NAMED_LABELS);
  if (rest.length)
    legend.push({
      slot: NAMED_LABELS,
      label: null,
      nLabels: rest.length,
      count: rest.reduce((sum, code) => sum + counts.get(code), 0),
    });
  return { kind: "category", slot, legend, none };
}

/** @param {Floats} values */
function byNumber(values) {
  let [low, high, none] = [Infinity, -Infinity, 0];
  for (const value of values) {
    if (Number.isNaN(value)) none++;
    else [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) [low, high] = [0, 0];
  const slot = Int16Array.from(values, (value) => (!Number.isNaN(value) ? at(value, low, high) : -1));
  return { kind: "number", slot, low, high, none };
}

/**
 * @param {any} value
 * @param {number} low
 * @param {number} high
 */
function at(value, low, high) {
  return high > low ? Math.round(((value - low) / (high - low)) * (SCALE_STEPS - 1)) : 0;
}

/**
 * Frequencies span powers of ten: their logarithms are coloured, and the legend has the frequencies themselves.
 * @param {ArrayLike<number>} counts
 */
export function colouredCounts(counts) {
  const coloured = byNumber(Float32Array.from(counts, (count) => Math.log10(1 + count)));
  return Object.assign(coloured, { isLog: true, low: 10 ** coloured.low - 1, high: 10 ** coloured.high - 1 });
}
