/* What colours the points of the map: the most frequent labels a colour each, numbers on one scale. Mostly pure. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NAMED = 9; // labels with a colour of their own
  const STEPS = 64; // colours of the scale

  /* Values as numbers (NaN: none), a track's kind and labels -> {kind, slot: Int16Array (a colour each, -1 none), legend}.
     A category's legend: [{slot, label, count}], the most frequent first, then the others; a number's: {low, high}. */
  function coloured(values, { kind, labels }) {
    return kind === "category" ? byLabel(values, labels) : byNumber(values);
  }

  function byLabel(values, labels) {
    const counts = new Map();
    let none = 0;
    for (const value of values) {
      if (value === value) counts.set(value, (counts.get(value) || 0) + 1);
      else none++;
    }
    const order = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
    const named = order.slice(0, NAMED).sort((a, b) => a - b); // a label keeps its place among its neighbours
    const places = new Map(named.map((code, slot) => [code, slot]));
    const slot = Int16Array.from(values, (value) => (value === value ? (places.has(value) ? places.get(value) : NAMED) : -1));
    const legend = named.map((code, k) => ({ slot: k, label: labels[code], count: counts.get(code) }));
    const rest = order.slice(NAMED);
    if (rest.length) legend.push({ slot: NAMED, label: null, nLabels: rest.length, count: rest.reduce((sum, code) => sum + counts.get(code), 0) });
    return { kind: "category", slot, legend, none };
  }

  function byNumber(values) {
    let [low, high, none] = [Infinity, -Infinity, 0];
    for (const value of values) {
      if (value !== value) none++;
      else [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
    if (low > high) [low, high] = [0, 0];
    const slot = Int16Array.from(values, (value) => (value === value ? at(value, low, high) : -1));
    return { kind: "number", slot, low, high, none };
  }

  function at(value, low, high) {
    return high > low ? Math.round(((value - low) / (high - low)) * (STEPS - 1)) : 0;
  }

  /* Frequencies span powers of ten: their logarithms are coloured, and told as they are. */
  function ofCounts(counts) {
    const found = byNumber(Float32Array.from(counts, (count) => Math.log10(1 + count)));
    return Object.assign(found, { isLog: true, low: 10 ** found.low - 1, high: 10 ** found.high - 1 });
  }

  let known = { key: null };

  /* {marks: colours of labels, other, none, scale(slot)} of the present theme. */
  function palette() {
    const { bg } = lv.theme.colours();
    if (known.key === bg) return known;
    const style = getComputedStyle(document.documentElement);
    const list = (name) => style.getPropertyValue(`--lv-map-${name}`).trim().split(/\s*,\s*/);
    const ramp = lv.scale.ramp(list("scale"));
    const scale = Array.from({ length: STEPS }, (_, k) => ramp(k / (STEPS - 1)));
    known = { key: bg, marks: list("marks"), other: list("other")[0], none: list("none")[0], scale };
    return known;
  }

  /* The colour of a slot. */
  function of(found, slot) {
    const { marks, other, none, scale } = palette();
    if (slot < 0) return none;
    if (found.kind === "number") return scale[slot];
    return slot < NAMED ? marks[slot % marks.length] : other;
  }

  lv.mapcolour = { coloured, ofCounts, palette, of, NAMED, STEPS };
  if (typeof module !== "undefined") module.exports = lv.mapcolour;
})(typeof window !== "undefined" ? window : globalThis);
