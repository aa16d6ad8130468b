/* A pair of texts: where their tokens lie, what a window of one has to do with the other, what is attended to most. Pure. */

export const MOST_LINKS = 5; // lines that leave a token
const LEAST = 0.08; // of a token's greatest weight, from which on a line is drawn
const HALF = 0.5; // of the weight, which what is attended to most holds together

/**
 * The edges of tokens as wide as their texts, spread over `room` px; each gets at most `more` px in addition.
 * @param {number[]} widths
 * @param {number} room
 * @param {number} more
 */
export function laneEdges(widths, room, more) {
  const all = widths.reduce((sum, width) => sum + width, 0);
  const each = widths.length ? Math.max(0, Math.min(more, (room - all) / widths.length)) : 0;
  const edges = [0];
  for (const width of widths) edges.push(edges.at(-1) + width + each);
  return edges;
}

/**
 * The token at a place, the nearest one beyond the ends.
 * @param {number[]} edges
 * @param {number} x
 */
export function tokenUnder(edges, x) {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * How much each token of the other text has to do with tokens [from, to) of one: of the text that attends the mean of what
 * they attend to, of the other the sum of what attends to them.
 * @param {number[][]} weights
 * @param {boolean} attends
 * @param {number} from
 * @param {number} to
 */
export function otherWeights(weights, attends, from, to) {
  if (!attends) return weights.map((row) => row.slice(from, to).reduce((sum, value) => sum + value, 0));
  const rows = weights.slice(from, to);
  return (rows[0] || []).map((_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
}

/**
 * Which tokens are attended to most: the fewest that hold half of the weight.
 * @param {number[]} weights
 */
export function mostAttended(weights) {
  const isMost = weights.map(() => false);
  const order = weights.map((_, k) => k).sort((a, b) => weights[b] - weights[a] || a - b);
  const half = HALF * weights.reduce((sum, value) => sum + value, 0);
  let before = 0;
  for (const k of order) {
    if (before >= half || weights[k] <= 0) break;
    isMost[k] = true;
    before += weights[k];
  }
  return isMost;
}

/**
 * The run of such tokens about the greatest weight, and its share of all: {from, to, share}; null where there is no weight.
 * @param {number[]} weights
 */
export function attendedRun(weights) {
  const isMost = mostAttended(weights);
  if (!isMost.includes(true)) return null;
  const peak = weights.indexOf(Math.max(...weights));
  let [from, to] = [peak, peak + 1];
  while (isMost[from - 1]) from--;
  while (isMost[to]) to++;
  const sum = (/** @type {number[]} */ some) => some.reduce((all, value) => all + value, 0);
  return { from, to, share: sum(weights.slice(from, to)) / sum(weights) };
}

/**
 * The lines that are worth drawing: of each token that attends the few strongest, as [row, column, weight].
 * @param {number[][]} weights
 */
export function links(weights) {
  return weights.flatMap((row, t) => {
    const least = LEAST * Math.max(...row, 0);
    const strong = row.map((value, s) => [t, s, value]).filter(([, , value]) => value > least && value > 0);
    return strong.sort((a, b) => b[2] - a[2]).slice(0, MOST_LINKS);
  });
}
