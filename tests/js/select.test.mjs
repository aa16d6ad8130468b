import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import {
  brushedUnits,
  countMissing,
  countOn,
  cutFor,
  selectUnits,
  sequenceAround,
  shortRuns,
} from "../../assets/page/lib/select.mjs";

const read = (name) => JSON.parse(fs.readFileSync(new URL(`../cases/${name}.json`, import.meta.url), "utf8"));
const cases = read("select");
const brushCases = read("brush");

for (const given of cases) {
  test(`select: ${given.name}`, () => {
    const rows = given.states.map((row) => row.map((value) => (value === null ? NaN : value)));
    const units = selectUnits({
      row: (step) => rows[step],
      nUnits: rows[0].length,
      cut: given.cut === null ? Infinity : given.cut,
      start: given.start,
      stop: given.stop,
      before: given.before,
      after: given.after,
      sequence: given.sequence,
    });
    assert.deepEqual(units, given.units);
  });
}

test("select: steps outside the sequence are never read", () => {
  const read = [];
  const row = (step) => {
    read.push(step);
    return [1];
  };
  selectUnits({ row, nUnits: 1, cut: 0.5, start: 4, stop: 6, before: 9, after: 9, sequence: [3, 7] });
  assert.deepEqual([Math.min(...read), Math.max(...read)], [3, 6]);
});

test("select: an empty window and one that leaves its sequence select nothing", () => {
  const query = { row: () => [1], nUnits: 1, cut: 0.5, before: 0, after: 0, sequence: [2, 8] };
  assert.deepEqual(selectUnits({ ...query, start: 3, stop: 3 }), []);
  assert.deepEqual(selectUnits({ ...query, start: 1, stop: 3 }), []);
  assert.deepEqual(selectUnits({ ...query, start: 6, stop: 9 }), []);
  assert.deepEqual(selectUnits({ ...query, start: 2, stop: 8 }), [0]);
});

test("countMissing counts units with a NaN at any step of the window", () => {
  const rows = [
    [NaN, 1, 1],
    [1, NaN, 1],
    [NaN, 1, 1],
  ];
  assert.equal(
    countMissing((step) => rows[step], 3, 0, 2),
    2,
  );
  assert.equal(
    countMissing((step) => rows[step], 3, 2, 3),
    1,
  );
});

test("cutFor: raw is the threshold, tanh goes by the grid, and off the grid asks the server", () => {
  const grid = Array.from({ length: 201 }, (_, k) => (k % 200 === 0 ? null : Math.atanh((k - 100) / 100)));
  assert.equal(cutFor("raw", 0.305, grid), 0.305);
  assert.equal(cutFor("tanh", 0.3, grid), grid[130]);
  assert.equal(cutFor("tanh", -0.57, grid), grid[43]);
  assert.equal(cutFor("tanh", 0.305, grid), null);
  assert.equal(cutFor("tanh", 1, grid), Infinity);
  assert.equal(cutFor("tanh", -2.5, grid), -Infinity);
});

test("cutFor finds every hundredth on the grid, however it was typed", () => {
  const grid = Array.from({ length: 201 }, (_, k) => k);
  for (let k = -99; k < 100; k++) assert.equal(cutFor("tanh", Number((k / 100).toFixed(2)), grid), k + 100);
});

test("sequenceAround: the borders nearest to a step, or the ends of what is known", () => {
  assert.deepEqual(sequenceAround([0, 10, 20], 10, 0, 30), [10, 20]);
  assert.deepEqual(sequenceAround([0, 10, 20], 9, 0, 30), [0, 10]);
  assert.deepEqual(sequenceAround([0, 10, 20], 25, 5, 30), [20, 30]);
  assert.deepEqual(sequenceAround([], 7, 5, 30), [5, 30]);
});

test("each unit of a pattern counts by its own side and cut; NaN, infinite cuts and steps not loaded never", () => {
  const rows = [[0.5, -0.5, NaN], [0.2, -0.2, 9], null];
  const row = (step) => rows[step];
  const units = [
    { unit: 0, side: "high", cut: 0.5 },
    { unit: 1, side: "low", cut: -0.2 },
    { unit: 2, side: "high", cut: Infinity },
    { unit: 2, side: "low", cut: -Infinity },
  ];
  const counts = countOn(row, units, 0, 3);
  assert.deepEqual(Array.from(counts), [2, 1, 0]);
  assert.deepEqual(Array.from(countOn(row, units.slice(0, 1), 0, 3, counts)), [3, 1, 0]);
});

for (const given of brushCases) {
  test(`brush: ${given.name}`, () => {
    const { start, stop, before, after } = given.brush;
    const pick = (part, side) => {
      if (start === null) return [];
      const rows = given.sources[part.source].map((row) => row.map((value) => (value === null ? NaN : value)));
      const cut = side === "high" ? part.threshold : -part.threshold;
      return selectUnits({
        row: (step) => rows[step],
        nUnits: rows[0].length,
        cut,
        side,
        start,
        stop,
        before,
        after,
        sequence: given.sequence,
      });
    };
    const units = brushedUnits(given.brush, pick);
    assert.deepEqual(
      units.map((u) => [u.source, u.unit, u.side, u.threshold]),
      given.units,
    );
  });
}

test("a run is short where it is shorter than asked within its sequence, on its side, and seen whole", () => {
  const values = [9, 9, 0, 9, 0, 0, 9, 9, 9, 0, -9, -9, 0, 9];
  const row = (step) => (values[step] === undefined ? null : [values[step]]);
  const ends = (step) => step === 0 || step === values.length;
  const of = (side, least, isBorder = ends) =>
    [...shortRuns(row, 0, { cut: 5, side, least }, 0, values.length, isBorder)].join("");
  assert.equal(of("high", 1), "00000000000000");
  assert.equal(of("high", 2), "00010000000001");
  assert.equal(of("high", 3), "11010000000001");
  assert.equal(of("low", 3), "00000000001100");
  assert.equal(of("both", 3), "11010000001101");
  assert.equal(
    of("high", 3, (step) => ends(step) || step === 8),
    "11010011100001",
  ); // a run ends with its sequence
  assert.equal(
    of("high", 3, () => false),
    "00010000000000",
  ); // what may go on where nothing is known is not short
  assert.deepEqual([...shortRuns(row, 0, { cut: 5, side: "high", least: 3 }, 7, 9, ends)], [0, 0]); // seen beyond the window
  assert.deepEqual([...shortRuns(row, 0, { cut: 5, side: "high", least: 3 }, 3, 5, ends)], [1, 0]);
});
