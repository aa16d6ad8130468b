import assert from "node:assert/strict";
import test from "node:test";
import { countLevels, groupOptions, groupWords, orderOptions, tookWords } from "../../assets/page/lib/listing.mjs";
import { barePattern, movedPattern } from "../../assets/page/lib/pattern-edit.mjs";

const answer = {
  counts: [
    [4, 227],
    [3, 1306],
    [2, 0],
    [1, 9],
  ],
  n_units: 4,
};

test("counts in words: most shared units first, each with those that share more", () => {
  assert.deepEqual(countLevels(answer), [
    { shared: 4, total: 227, strong: "227 matches", words: "with all 4 units on" },
    { shared: 3, total: 1306, strong: "1,306", words: "with 3" },
    { shared: 1, total: 9, strong: "9", words: "with 1" },
  ]);
  assert.equal(countLevels({ counts: [[1, 1]], n_units: 1 })[0].words, "with the unit on");
  assert.equal(
    countLevels({
      counts: [
        [4, 0],
        [3, 12],
      ],
      n_units: 4,
    })[0].words,
    "with 3 of 4 units on",
  );
  assert.deepEqual(countLevels({ counts: [], n_units: 4 }), []);
  assert.equal(tookWords(6.2), "exact, 6 ms");
  assert.equal(tookWords(2400), "exact, 2.4 s");
});

test("orders and groups by every track", () => {
  assert.deepEqual(
    orderOptions(["depth"]).map(([value]) => value),
    ["best", "step", "-length", "length", "track:depth", "-track:depth"],
  );
  assert.deepEqual(
    groupOptions(["a:b"]).map(([value]) => value),
    ["", "sequence", "length", "track:a:b"],
  );
  assert.equal(groupWords("length", "1"), "1 step");
  assert.equal(groupWords("sequence", "1204"), "sequence 1,204");
  assert.equal(groupWords("track:depth", "no value"), "depth no value");
});

const unit = (source, number, side, threshold) => ({ source, unit: number, side, threshold });
const file = {
  pattern: {
    units: [unit("a", 3, "high", 0.3), unit("b", 3, "high", 0.5), unit("a", 4, "low", -0.3)],
    bases: [
      { source: "a", threshold: 0.3 },
      { source: "b", threshold: 0.5 },
    ],
    length: 3,
  },
  notes: { name: "n" },
};

test("the same units at another threshold keep their sides; on another source each stands once", () => {
  const same = movedPattern(file, 0.7, "");
  assert.deepEqual(
    same.pattern.units.map((one) => one.threshold),
    [0.7, 0.7, -0.7],
  );
  assert.deepEqual(same.pattern.bases, [
    { source: "a", threshold: 0.7 },
    { source: "b", threshold: 0.7 },
  ]);
  const other = movedPattern(file, 0, "c");
  assert.deepEqual(other.pattern.units, [unit("c", 3, "high", 0), unit("c", 4, "low", 0)]);
  assert.deepEqual(other.pattern.bases, [{ source: "c", threshold: 0 }]);
  assert.equal(file.pattern.units[0].threshold, 0.3);
});

test("what a pattern looks for does not change with its notes", () => {
  assert.equal(barePattern(JSON.stringify(file)), barePattern(JSON.stringify({ ...file, notes: { name: "other" } })));
  assert.equal(barePattern("{"), "{");
});
