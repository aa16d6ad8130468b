/* Two versions of a text, token by token: which are the same, which were changed, put in or taken out. Pure. */

const MOST = 4e6; // cells of the table of common subsequences; a longer stretch that differs counts as replaced

/**
 * {pairs: for each token of `after` its place in `before` or -1, kinds: "same", "changed" or "new" of each,
 * gone: [[place in `after` before which they stood, places in `before`]]}. As many tokens are kept as can be; of a
 * stretch that differs the first ones are taken to be changed one by one.
 * @param {string[]} before
 * @param {string[]} after
 */
export function alignTokens(before, after) {
  const pairs = new Int32Array(after.length).fill(-1);
  const kinds = Array.from({ length: after.length }, () => "new");
  const /** @type {Alignment["gone"]} */ gone = [];
  let [i, j] = [0, 0]; // up to here both are done
  /**
   * @param {number} a
   * @param {number} b
   */
  const upTo = (a, b) => {
    const n = Math.min(a - i, b - j);
    for (let k = 0; k < n; k++) {
      pairs[j + k] = i + k;
      kinds[j + k] = "changed";
    }
    if (i + n < a) gone.push([b, Array.from({ length: a - i - n }, (_, k) => i + n + k)]);
  };
  for (const [a, b] of [...common(before, after), [before.length, after.length]]) {
    upTo(a, b);
    if (b < after.length) {
      pairs[b] = a;
      kinds[b] = "same";
    }
    [i, j] = [a + 1, b + 1];
  }
  return { pairs, kinds, gone };
}

/**
 * Places of a longest common subsequence, [[in before, in after]], rising.
 * @param {string[]} before
 * @param {string[]} after
 */
function common(before, after) {
  let [head, tail] = [0, 0];
  const least = Math.min(before.length, after.length);
  while (head < least && before[head] === after[head]) head++;
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const pairs = Array.from({ length: head }, (_, k) => [k, k]);
  pairs.push(...between(before, after, head, before.length - tail, after.length - tail));
  for (let k = tail; k > 0; k--) pairs.push([before.length - k, after.length - k]);
  return pairs;
}

/**
 * @param {string[]} before
 * @param {string[]} after
 * @param {number} from
 * @param {number} a
 * @param {number} b
 */
function between(before, after, from, a, b) {
  const [rows, columns] = [a - from, b - from];
  if (!rows || !columns || rows * columns > MOST) return [];
  const wide = columns + 1;
  const table = new Uint16Array((rows + 1) * wide); // length of the longest one of what follows
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const isSame = before[from + i] === after[from + j];
      table[i * wide + j] = isSame
        ? table[(i + 1) * wide + j + 1] + 1
        : Math.max(table[(i + 1) * wide + j], table[i * wide + j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (before[from + i] === after[from + j]) pairs.push([from + i++, from + j++]);
    else if (table[(i + 1) * wide + j] >= table[i * wide + j + 1]) i++;
    else j++;
  }
  return pairs;
}

/**
 * A window of `before` as it lies in `after`: from the first of its tokens that is still there to the last; null where
 * none is.
 * @param {Alignment} alignment
 * @param {number} start
 * @param {number} stop
 */
export function movedWindow({ pairs }, start, stop) {
  let [first, last] = [-1, -1];
  for (let place = 0; place < pairs.length; place++) {
    if (pairs[place] < start || pairs[place] >= stop) continue;
    if (first < 0) first = place;
    last = place;
  }
  return first < 0 ? null : [first, last + 1];
}

/**
 * How far units moved at each token of `after`: the mean of |after - before| over `units`, in the source's view; NaN
 * where there is nothing to compare. `rowA(step)` and `rowB(step)` give the values of before and after.
 * @param {Alignment} alignment
 * @param {Rows} rowA
 * @param {Rows} rowB
 * @param {number[]} units
 * @param {boolean} isTanh
 */
export function changeByToken({ pairs }, rowA, rowB, units, isTanh) {
  const view = isTanh ? Math.tanh : (/** @type {number} */ value) => value;
  return Float64Array.from(pairs, (from, step) => {
    const [a, b] = [from < 0 ? null : rowA(from), rowB(step)];
    if (!a || !b || !units.length) return NaN;
    return units.reduce((sum, unit) => sum + Math.abs(view(b[unit]) - view(a[unit])), 0) / units.length;
  });
}

/**
 * The units that move most over all tokens, the most first; those that do not move are left out.
 * @param {Alignment} alignment
 * @param {Rows} rowA
 * @param {Rows} rowB
 * @param {number} nUnits
 * @param {boolean} isTanh
 * @param {number} most
 */
export function mostChangedUnits(alignment, rowA, rowB, nUnits, isTanh, most) {
  const view = isTanh ? Math.tanh : (/** @type {number} */ value) => value;
  const sums = new Float64Array(nUnits);
  alignment.pairs.forEach((from, step) => {
    const [a, b] = [from < 0 ? null : rowA(from), rowB(step)];
    for (let unit = 0; a && b && unit < nUnits; unit++) {
      const by = Math.abs(view(b[unit]) - view(a[unit]));
      if (!Number.isNaN(by)) sums[unit] += by;
    }
  });
  const units = Array.from({ length: nUnits }, (_, unit) => unit).filter((unit) => sums[unit] > 1e-6);
  return units.sort((one, other) => sums[other] - sums[one] || one - other).slice(0, most);
}

/**
 * Is `next` another version of `text`, rather than the same one written on (or not yet to its end)?
 * @param {string} text
 * @param {string} next
 */
export function isEdit(text, next) {
  return !next.startsWith(text) && !text.startsWith(next);
}
