/* Shares and lengths in words, and lengths put into bins. Pure. */

const ALONE = 14; // lengths that have a bar each where there are many; longer ones share

/**
 * 0.2304 -> "23 %", 0.0031 -> "0.31 %"; a share that is neither none nor all never reads so.
 * @param {number | null} share
 */
export function percent(share) {
  if (share === null || Number.isNaN(share)) return "no value";
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  if (value < 0.01) return "< 0.01 %";
  if (value > 99.9) return "> 99.9 %";
  if (value > 99) return `${value.toFixed(1)} %`;
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} %`;
}

/**
 * 0.2304 -> "0.23": two decimals, more where they would read as none.
 * @param {number | null} share
 */
export function decimal(share) {
  if (share === null || Number.isNaN(share)) return "–";
  if (share > 0 && share < 0.005) return share < 0.0005 ? "<.001" : share.toFixed(3);
  return share.toFixed(2);
}

/**
 * Bars for lengths from `first` to `last`: [{from, to}], a bar each as far as there are few, then ever wider ones.
 * @param {number} first
 * @param {number} last
 * @param {number} most
 */
export function binsBetween(first, last, most) {
  const bins = [];
  if (last - first + 1 <= most) {
    for (let length = first; length <= last; length++) bins.push({ from: length, to: length });
    return bins;
  }
  const alone = Math.min(ALONE, most - 2);
  for (let k = 0; k < alone; k++) bins.push({ from: first + k, to: first + k });
  const growth = ((last - first + 1) / alone) ** (1 / (most - alone));
  let edge = first + alone;
  while (edge <= last) {
    const next = Math.max(edge + 1, Math.ceil((edge - first) * growth) + first);
    bins.push({ from: edge, to: Math.min(last, next - 1) });
    edge = next;
  }
  return bins;
}

/**
 * Counts by length, put into bins: `pairs` of [length, count].
 * @param {Bin[]} bars
 * @param {number[][]} pairs
 */
export function fillBins(bars, pairs) {
  const counts = bars.map(() => 0);
  for (const [length, count] of pairs) {
    const at = bars.findIndex(({ from, to }) => length >= from && length <= to);
    if (at >= 0) counts[at] += count;
  }
  return counts;
}

/** @param {Bin} bin */
export function binName({ from, to }) {
  return from === to ? String(from) : `${from} to ${to}`;
}
