/* Which units a brushed window selects. Pure arithmetic: no page, no clock. Its Python twin is lstmviz.match. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  /* Units on (value >= cut) through every step of [start, stop) and off (value < cut) at each of `before` steps
     before it and `after` steps after it. Steps outside the sequence [a, b) count as off. NaN is neither on nor
     off. `row(step)` gives the recorded values of one step; the comparison is made in doubles, so it is exact.
     A window that is empty or leaves its sequence selects nothing. */
  function selectUnits(query) {
    const { row, nUnits, cut, start, stop, before, after, sequence } = query;
    const [first, end] = sequence;
    if (!(start < stop) || start < first || stop > end) return [];
    const alive = new Uint8Array(nUnits).fill(1);
    for (let step = start; step < stop; step++) keepOn(alive, row(step), cut);
    for (let step = Math.max(first, start - before); step < start; step++) keepOff(alive, row(step), cut);
    const last = Math.min(end, stop + after);
    for (let step = stop; step < last; step++) keepOff(alive, row(step), cut);
    const units = [];
    for (let unit = 0; unit < nUnits; unit++) if (alive[unit]) units.push(unit);
    return units;
  }

  function keepOn(alive, values, cut) {
    for (let unit = 0; unit < alive.length; unit++) if (!(values[unit] >= cut)) alive[unit] = 0;
  }

  function keepOff(alive, values, cut) {
    for (let unit = 0; unit < alive.length; unit++) if (!(values[unit] < cut)) alive[unit] = 0;
  }

  /* How many units have a NaN at some step of [start, stop). */
  function countMissing(row, nUnits, start, stop) {
    const missing = new Uint8Array(nUnits);
    for (let step = start; step < stop; step++) {
      const values = row(step);
      for (let unit = 0; unit < nUnits; unit++) if (values[unit] !== values[unit]) missing[unit] = 1;
    }
    return missing.reduce((sum, one) => sum + one, 0);
  }

  /* How many of `units` are on at each step of [from, to); a step whose values are not here yet counts 0. */
  function countOn(row, units, cut, from, to) {
    const counts = new Uint16Array(Math.max(0, to - from));
    for (let step = from; step < to; step++) {
      const values = row(step);
      if (!values) continue;
      let on = 0;
      for (const unit of units) if (values[unit] >= cut) on++;
      counts[step - from] = on;
    }
    return counts;
  }

  /* The same for units that each have their own side, threshold and cut (null: infinite, with the threshold's sign). */
  function countParts(row, parts, from, to) {
    const counts = new Uint16Array(Math.max(0, to - from));
    for (const { unit, side, threshold, cut } of parts) {
      const bound = cut === null ? Math.sign(threshold) * Infinity : cut;
      for (let step = from; step < to; step++) {
        const values = row(step);
        if (values && (side === "low" ? values[unit] <= bound : values[unit] >= bound)) counts[step - from]++;
      }
    }
    return counts;
  }

  /* The recorded value that a threshold stands for, or null where only the server can tell (a tanh view, off the
     0.01 grid). `grid` holds the cuts for -1.00, -0.99 .. 1.00. */
  function cutFor(view, threshold, grid) {
    if (view !== "tanh") return threshold;
    if (Math.abs(threshold) >= 1) return threshold > 0 ? Infinity : -Infinity;
    const hundredths = Math.round(threshold * 100);
    if (hundredths / 100 !== threshold) return null;
    return grid[hundredths + 100];
  }

  /* The sequence around `step`, as far as the sorted borders (first steps of sequences) tell: [from, to) where none does. */
  function sequenceAround(borders, step, from, to) {
    let first = from;
    let end = to;
    for (const border of borders) {
      if (border <= step && border > first) first = border;
      if (border > step && border < end) end = border;
    }
    return [first, end];
  }

  lv.select = { selectUnits, countMissing, countOn, countParts, cutFor, sequenceAround };
  if (typeof module !== "undefined") module.exports = lv.select;
})(typeof window !== "undefined" ? window : globalThis);
