/* An opened pattern, changed: a new text each time, the given one stays as it is. Pure; its twin is lstmviz/match/edit.py. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  function isSame(one, other) {
    return one.source === other.source && one.unit === other.unit && (one.side || "high") === (other.side || "high");
  }

  /* The file without a unit. */
  function without(file, unit) {
    const units = file.pattern.units.filter((one) => !isSame(one, unit));
    return changed(file, { units });
  }

  /* The file with a unit {source, unit, side, threshold}, or with its threshold changed where it is in it already. */
  function withUnit(file, { source, unit, side, threshold }) {
    const added = { source, unit, side, threshold };
    const { units, bases } = file.pattern;
    const isIn = units.some((one) => isSame(one, added));
    return changed(file, {
      units: isIn ? units.map((one) => (isSame(one, added) ? added : one)) : [...units, added],
      bases: bases.some((one) => one.source === source) ? bases : [...bases, { source, threshold: Math.abs(threshold) }],
    });
  }

  /* The file with other filters and bounds: {filters, minLength, maxLength}, each only where it is given. */
  function limited(file, { filters, minLength, maxLength }) {
    const change = {};
    if (filters !== undefined) change.filters = filters.map(({ track, labels, low, high }) => ({ track, labels: labels || [], low: low === undefined ? null : low, high: high === undefined ? null : high }));
    if (minLength !== undefined) change.min_length = minLength;
    if (maxLength !== undefined) change.max_length = maxLength;
    return changed(file, change);
  }

  /* The file with other rows hidden or marked in `dump`: {hidden, marked}, each only where it is given. */
  function noted(file, rows, dump) {
    const notes = Object.assign({}, file.notes);
    if (notes.dump !== dump) Object.assign(notes, { dump, hidden: [], marked: [] }); // of another recording: other steps
    return Object.assign({}, file, { notes: Object.assign(notes, rows) });
  }

  function changed(file, changes) {
    return Object.assign({}, file, { pattern: Object.assign({}, file.pattern, changes) });
  }

  lv.patternedit = { isSame, without, withUnit, limited, noted };
  if (typeof module !== "undefined") module.exports = lv.patternedit;
})(typeof window !== "undefined" ? window : globalThis);
