/* An opened pattern, changed: a new text each time, the given one stays as it is. Pure; its twin is lstmviz/match/pattern/edit.py. */

/**
 * @param {UnitName} one
 * @param {UnitName} other
 */
export function isSameUnit(one, other) {
  return one.source === other.source && one.unit === other.unit && (one.side || "high") === (other.side || "high");
}

/**
 * The file without a unit.
 * @param {PatternFile} file
 * @param {UnitName} unit
 */
export function withoutUnit(file, unit) {
  const units = file.pattern.units.filter((one) => !isSameUnit(one, unit));
  return changed(file, { units });
}

/**
 * The file with a unit {source, unit, side, threshold}, or with its threshold changed where it is in it already.
 * @param {PatternFile} file
 * @param {UnitName & { threshold: number }} unit
 */
export function withUnit(file, { source, unit, side, threshold }) {
  const added = { source, unit, side, threshold };
  const { units, bases } = file.pattern;
  const isIn = units.some((one) => isSameUnit(one, added));
  return changed(file, {
    units: isIn ? units.map((one) => (isSameUnit(one, added) ? added : one)) : [...units, added],
    bases: bases.some((one) => one.source === source) ? bases : [...bases, { source, threshold: Math.abs(threshold) }],
  });
}

/**
 * The file with other filters and bounds: {filters, minLength, maxLength}, each only where it is given.
 * @param {PatternFile} file
 * @param {Changes} limits
 */
export function withLimits(file, { filters, minLength, maxLength }) {
  const change = {};
  if (filters !== undefined)
    change.filters = filters.map(({ track, labels, low, high, ...more }) => ({
      ...more, // of a filter on the tokens: its expression
      track,
      labels: labels || [],
      low: low === undefined ? null : low,
      high: high === undefined ? null : high,
    }));
  if (minLength !== undefined) change.min_length = minLength;
  if (maxLength !== undefined) change.max_length = maxLength;
  return changed(file, change);
}

/**
 * The file with other rows hidden or marked in `dump`: {hidden, marked}, each only where it is given.
 * @param {PatternFile} file
 * @param {Changes} rows
 * @param {string} dump
 */
export function withNotes(file, rows, dump) {
  const notes = Object.assign({}, file.notes);
  if (notes.dump !== dump) Object.assign(notes, { dump, hidden: [], marked: [] }); // of another recording: other steps
  return Object.assign({}, file, { notes: Object.assign(notes, rows) });
}

/**
 * A file's text without its notes: what it looks for.
 * @param {string} text
 */
export function barePattern(text) {
  try {
    return JSON.stringify(JSON.parse(text).pattern);
  } catch {
    return text;
  }
}

/**
 * The file with every unit at another threshold of the view, on its own side, and on another source where one is given.
 * @param {PatternFile} file
 * @param {number} threshold
 * @param {string} [source]
 */
export function movedPattern(file, threshold, source) {
  const { units, bases } = file.pattern;
  /** @param {string} one */
  const name = (one) => source || one;
  const moved = units.map((one) =>
    Object.assign({}, one, { source: name(one.source), threshold: one.side === "low" ? -threshold + 0 : threshold }),
  );
  const names = [...new Set([...bases.map((one) => name(one.source)), ...moved.map((one) => one.source)])];
  const once = moved.filter((one, k) => moved.findIndex((other) => isSameUnit(one, other)) === k);
  return changed(file, { units: once, bases: names.map((one) => ({ source: one, threshold })) });
}

/**
 * @param {PatternFile} file
 * @param {Partial<PatternFile["pattern"]>} changes
 */
function changed(file, changes) {
  return Object.assign({}, file, { pattern: Object.assign({}, file.pattern, changes) });
}
