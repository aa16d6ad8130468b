/* All units at a glance: their order and what the cells say. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  columnHead,
  columnName,
  heatColumns,
  sortedUnits,
  startUnits,
  unitCells,
} from "../../assets/page/lib/survey.mjs";

const TABLE = /** @type {any} */ ({
  n_units: 4,
  columns: [
    ["", "("],
    ["", " "],
    ["depth", "3"],
    ["kind", "preposition"],
  ],
  heat: [
    [3, 1, null, 0],
    [1, 2, 5, 0],
    [2, 3, -4, 0],
    [null, 0, 1, 0],
  ],
  place: [7, -1, 2, 3],
  units: {
    on_rate: [0.5, 1, 0, 0.25],
    low: [-1, 0, null, -120],
    high: [1, 0.25, null, 15.5],
    saturation: [0, 0.5, 1, 0],
    half_life: [2.25, null, null, 130.4],
    lasts: [false, false, true, false],
    track: ["depth", "", null, "kind"],
    label: ["3", "(", null, "noun"],
    f1: [0.9, 0.5, null, 0.95],
    rank: [1, 2, null, 1],
    group: [1, 0, 1, 2],
    order: [2, 0, 3, 1],
    tokens: [["(", " "], [], [], ["\n"]],
    why: ["", "detects it", "", ""],
  },
});

test("units are sorted by any column, unknown values last", () => {
  assert.deepEqual(sortedUnits(TABLE, "unit", true), [3, 2, 1, 0]);
  assert.deepEqual(sortedUnits(TABLE, "order", false), [1, 3, 0, 2]);
  assert.deepEqual(sortedUnits(TABLE, "f1", true), [3, 0, 1, 2]);
  assert.deepEqual(sortedUnits(TABLE, "f1", false), [1, 0, 3, 2]);
  assert.deepEqual(sortedUnits(TABLE, "half_life", true), [2, 3, 0, 1]);
  assert.deepEqual(sortedUnits(TABLE, "range", true), [3, 0, 1, 2]);
  assert.deepEqual(sortedUnits(TABLE, "place", false), [2, 3, 0, 1]);
  assert.deepEqual(sortedUnits(TABLE, "heat:2", true), [1, 3, 2, 0]);
  assert.deepEqual(sortedUnits(TABLE, "heat:3", true), [0, 1, 2, 3]);
});

test("cells say what is known", () => {
  assert.deepEqual(unitCells(TABLE, 0), {
    group: "1",
    on_rate: "50 %",
    range: "−1.00 to 1.00",
    saturation: "0 %",
    half_life: "2.25",
    f1: "depth 3 0.90 (1.)",
    tokens: ["(", "␣"],
  });
  const { group, half_life: life, f1 } = unitCells(TABLE, 1);
  assert.deepEqual([group, life, f1], ["–", "–", "( 0.50 (2.)"]);
  assert.deepEqual(
    [unitCells(TABLE, 2).half_life, unitCells(TABLE, 2).range, unitCells(TABLE, 2).f1],
    ["to the end", "–", "–"],
  );
  assert.equal(unitCells(TABLE, 3).range, "−120 to 15.5");
});

test("columns of the heat map are tokens or labels, named in full and in few characters", () => {
  assert.deepEqual(heatColumns(TABLE, "tokens"), [0, 1]);
  assert.deepEqual(heatColumns(TABLE, "labels"), [2, 3]);
  assert.deepEqual(TABLE.columns.map(columnName), ["(", "␣", "depth 3", "kind preposition"]);
  assert.deepEqual(TABLE.columns.map(columnHead), ["(", "␣", "depth 3", "prepositi"]);
});

test("the units to start with are those with a reason", () => {
  assert.deepEqual(startUnits(TABLE), [{ unit: 1, words: "detects it" }]);
});
