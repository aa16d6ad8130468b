/* Which units a brushed window selects. Pure arithmetic. Its Python twin is lstmviz/match/pattern/select.py. */

/**
 * Units on through every step of [start, stop) and off at each of `before` steps before it and `after` steps after it.
 * On is value >= cut (side high) or value <= cut (side low), off is neither on nor NaN; steps outside the sequence
 * [a, b) count as off. `row(step)` gives the recorded values of one step; the comparison is made in doubles, so it
 * is exact. A window that is empty or leaves its sequence selects nothing.
 * @param {Query} query
 */
export function selectUnits(query) {
  const { row, nUnits, cut, start, stop, before, after, sequence, side } = query;
  const [first, end] = sequence;
  if (!(start < stop) || start < first || stop > end) return [];
  const alive = new Uint8Array(nUnits).fill(1);
  const [keepOn, keepOff] = side === "low" ? [keepLow, keepAbove] : [keepHigh, keepBelow];
  for (let step = start; step < stop; step++) keepOn(alive, row(step), cut);
  for (let step = Math.max(first, start - before); step < start; step++) keepOff(alive, row(step), cut);
  const last = Math.min(end, stop + after);
  for (let step = stop; step < last; step++) keepOff(alive, row(step), cut);
  const units = [];
  for (let unit = 0; unit < nUnits; unit++) if (alive[unit]) units.push(unit);
  return units;
}

/**
 * @param {Uint8Array} alive
 * @param {ArrayLike<number>} values
 * @param {number} cut
 */
function keepHigh(alive, values, cut) {
  for (let unit = 0; unit < alive.length; unit++) if (!(values[unit] >= cut)) alive[unit] = 0;
}

/**
 * @param {Uint8Array} alive
 * @param {ArrayLike<number>} values
 * @param {number} cut
 */
function keepBelow(alive, values, cut) {
  for (let unit = 0; unit < alive.length; unit++) if (!(values[unit] < cut)) alive[unit] = 0;
}

/**
 * @param {Uint8Array} alive
 * @param {ArrayLike<number>} values
 * @param {number} cut
 */
function keepLow(alive, values, cut) {
  for (let unit = 0; unit < alive.length; unit++) if (!(values[unit] <= cut)) alive[unit] = 0;
}

/**
 * @param {Uint8Array} alive
 * @param {ArrayLike<number>} values
 * @param {number} cut
 */
function keepAbove(alive, values, cut) {
  for (let unit = 0; unit < alive.length; unit++) if (!(values[unit] > cut)) alive[unit] = 0;
}

/** @type {Side[]} */
export const BOTH_SIDES = ["high", "low"];
const SIDES = { high: ["high"], low: ["low"], both: ["high", "low"] };

/**
 * The pattern of a brush: what its parts select, part by part and high before low, less the excluded, with the pinned
 * (which keep their place where they are picked anyway, with their own threshold). `pick(part, side)` gives the
 * units of one part on one side; each unit of the answer is {source, unit, side, threshold, isPinned}.
 * @param {{ parts: Part[], excluded?: UnitName[], pinned?: Unit[] }} brush
 * @param {(part: Part, side: Side) => Iterable<number>} pick
 */
export function brushedUnits({ parts, excluded, pinned }, pick) {
  /** @param {UnitName} unit */
  const name = ({ source, unit, side }) => `${source}/${unit}/${side}`;
  const out = new Set((excluded || []).map(name));
  const pins = new Map((pinned || []).map((unit) => [name(unit), Object.assign({}, unit, { isPinned: true })]));
  const units = [];
  const seen = new Set();
  for (const part of parts) {
    for (const side of /** @type {Record<string, Side[]>} */ (SIDES)[part.side]) {
      const threshold = side === "high" ? part.threshold : -part.threshold;
      for (const unit of pick(part, side)) {
        const named = { source: part.source, unit, side, threshold, isPinned: false };
        const key = name(named);
        seen.add(key);
        if (pins.has(key)) units.push(Object.assign(pins.get(key), { isPicked: true }));
        else if (!out.has(key)) units.push(named);
      }
    }
  }
  for (const [key, pin] of pins) if (!seen.has(key)) units.push(pin);
  return units;
}

/**
 * How many units have a NaN at some step of [start, stop).
 * @param {Rows} row
 * @param {number} nUnits
 * @param {number} start
 * @param {number} stop
 */
export function countMissing(row, nUnits, start, stop) {
  const missing = new Uint8Array(nUnits);
  for (let step = start; step < stop; step++) {
    const values = row(step);
    for (let unit = 0; unit < nUnits; unit++) if (Number.isNaN(values[unit])) missing[unit] = 1;
  }
  return missing.reduce((sum, one) => sum + one, 0);
}

/**
 * How many of a pattern's units of one source are on at each step of [from, to), added to `counts`. Each has its own
 * side and cut; a step whose values are not here yet counts 0.
 * @param {Rows} row
 * @param {Unit[]} units
 * @param {number} from
 * @param {number} to
 * @param {Uint16Array} [counts]
 */
export function countOn(row, units, from, to, counts = new Uint16Array(Math.max(0, to - from))) {
  for (let step = from; step < to; step++) {
    const values = row(step);
    if (!values) continue;
    let on = 0;
    for (const { unit, side, cut } of units) if (side === "low" ? values[unit] <= cut : values[unit] >= cut) on++;
    counts[step - from] += on;
  }
  return counts;
}

/**
 * The recorded value that a threshold stands for, or null where only the server can tell (a tanh view, off the
 * 0.01 grid). `grid` holds the cuts for -1.00, -0.99 .. 1.00.
 * @param {string} view
 * @param {number} threshold
 * @param {(number | null)[]} grid
 */
export function cutFor(view, threshold, grid) {
  if (view !== "tanh") return threshold;
  if (Math.abs(threshold) >= 1) return threshold > 0 ? Infinity : -Infinity;
  const hundredths = Math.round(threshold * 100);
  if (hundredths / 100 !== threshold) return null;
  return grid[hundredths + 100];
}

/**
 * The sequence around `step`, as far as the sorted borders (first steps of sequences) tell: [from, to) where none does.
 * @param {number[]} borders
 * @param {number} step
 * @param {number} from
 * @param {number} to
 * @returns {[from: number, to: number]}
 */
export function sequenceAround(borders, step, from, to) {
  let first = from;
  let end = to;
  for (const border of borders) {
    if (border <= step && border > first) first = border;
    if (border > step && border < end) end = border;
  }
  return [first, end];
}

/**
 * Which steps of [from, to) lie in a run of fewer than `least` steps at which a unit is on, 1 for such a step. A run ends with
 * its sequence; one that goes on where `row` has nothing yet is not counted as short.
 * @param {(step: number) => Floats | null} row
 * @param {number} unit
 * @param {{ cut: number, side: BrushSide, least: number }} asked
 * @param {number} from
 * @param {number} to
 * @param {(step: number) => boolean} isBorder
 */
export function shortRuns(row, unit, { cut, side, least }, from, to, isBorder) {
  const short = new Uint8Array(Math.max(0, to - from));
  /** @param {number} value */
  const sideOf = (value) => (side !== "low" && value >= cut ? 1 : side !== "high" && value <= -cut ? -1 : 0);
  let [began, on, isWhole, isSeen] = [0, 0, false, false];
  for (let step = from - least; step <= to + least; step++) {
    const values = row(step);
    const now = values ? sideOf(values[unit]) : 0;
    const wasSeen = isSeen;
    isSeen = Boolean(values);
    if (now === on && !isBorder(step)) continue;
    if (on && isWhole && (values || isBorder(step)) && step - began < least)
      short.fill(1, Math.max(0, began - from), Math.max(0, step - from));
    [began, on, isWhole] = [step, now, wasSeen || isBorder(step)];
  }
  return short;
}
