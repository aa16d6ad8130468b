import assert from "node:assert/strict";
import test from "node:test";
import { withLimits, withNotes, withoutUnit, withUnit } from "../../assets/page/lib/pattern-edit.mjs";
import { shortName } from "../../assets/page/lib/words.mjs";

const file = {
  format: "lstmviz-pattern",
  pattern: {
    axis: "text",
    units: [
      { source: "a", unit: 1, side: "high", threshold: 0.3 },
      { source: "a", unit: 1, side: "low", threshold: -0.3 },
      { source: "b", unit: 1, threshold: 0.5 },
    ],
    bases: [
      { source: "a", threshold: 0.3 },
      { source: "b", threshold: 0.5 },
    ],
    length: 3,
    filters: [],
  },
  notes: { name: "n", dump: "u-1", hidden: [[1, 2]], marked: [[3, 4]] },
};
const whole = JSON.stringify(file);
const names = (changed) => changed.pattern.units.map((u) => `${u.source}${u.unit}${u.side || "high"}${u.threshold}`);

test("a unit is taken out on its own side, and nothing else changes", () => {
  assert.deepEqual(names(withoutUnit(file, { source: "a", unit: 1, side: "low" })), ["a1high0.3", "b1high0.5"]);
  assert.deepEqual(names(withoutUnit(file, { source: "b", unit: 1, side: "high" })), ["a1high0.3", "a1low-0.3"]);
  assert.equal(JSON.stringify(file), whole);
});

test("a unit is added with the base of its source, or has its threshold changed", () => {
  const more = withUnit(file, { source: "c", unit: 0, side: "low", threshold: -0.4, isPinned: true });
  assert.deepEqual(more.pattern.units.at(-1), { source: "c", unit: 0, side: "low", threshold: -0.4 });
  assert.deepEqual(more.pattern.bases.at(-1), { source: "c", threshold: 0.4 });
  assert.deepEqual(names(withUnit(file, { source: "a", unit: 1, side: "low", threshold: -0.9 })), [
    "a1high0.3",
    "a1low-0.9",
    "b1high0.5",
  ]);
  assert.equal(JSON.stringify(file), whole);
});

test("filters and bounds are written as a pattern file has them; what is not given stays", () => {
  const { pattern } = withLimits(file, {
    filters: [
      { track: "depth", low: 2 },
      { track: "tag", labels: ["NN"] },
      { track: "", labels: [], expression: "k.*", over: "tokens" },
    ],
    maxLength: 7,
  });
  assert.deepEqual(pattern.filters, [
    { track: "depth", labels: [], low: 2, high: null },
    { track: "tag", labels: ["NN"], low: null, high: null },
    { track: "", labels: [], low: null, high: null, expression: "k.*", over: "tokens" },
  ]);
  assert.deepEqual([pattern.max_length, pattern.min_length, pattern.length], [7, undefined, 3]);
});

test("rows by hand are kept with their dump; those of another one are dropped", () => {
  assert.deepEqual(withNotes(file, { hidden: [] }, "u-1").notes, {
    name: "n",
    dump: "u-1",
    hidden: [],
    marked: [[3, 4]],
  });
  assert.deepEqual(withNotes(file, { hidden: [[8, 9]] }, "u-2").notes, {
    name: "n",
    dump: "u-2",
    hidden: [[8, 9]],
    marked: [],
  });
});

test("a source is called by what tells it from the others", () => {
  const names = ["rnn.l0.h", "rnn.l1.c"];
  assert.deepEqual(
    names.map((name) => shortName(name, names)),
    ["l0.h", "l1.c"],
  );
  assert.equal(shortName("rnn.l0.h", ["rnn.l0.h"]), "rnn.l0.h");
  assert.equal(shortName("a", ["a", "a.b"]), "a");
  assert.deepEqual(
    ["a.l0.h", "a.l0.c"].map((name, _, all) => shortName(name, all)),
    ["h", "c"],
  );
});
