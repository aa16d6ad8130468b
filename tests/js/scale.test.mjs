import assert from "node:assert/strict";
import test from "node:test";
import {
  grouped,
  lineOpacity,
  niceTicks,
  ramp,
  readable,
  signed,
  snapWindow,
  thresholdText,
  valueText,
} from "../../assets/page/lib/scale.mjs";
import { noUnits, plural } from "../../assets/page/lib/words.mjs";

test("ticks are round and inside", () => {
  assert.deepEqual(niceTicks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(niceTicks(0, 9, 3), [0, 5]);
  assert.deepEqual(niceTicks(2, 2, 4), [2]);
  assert.deepEqual(niceTicks(-130, 70, 4), [-100, -50, 0, 50]);
});

test("numbers as words", () => {
  assert.equal(grouped(1306), "1,306");
  assert.equal(grouped(20000000), "20,000,000");
  assert.equal(grouped(7), "7");
  assert.equal(thresholdText(0.3), "0.30");
  assert.equal(thresholdText(0.305), "0.305");
  assert.equal(thresholdText(-0.5), "−0.50");
  assert.equal(signed(0, 1), "0.0");
  assert.equal(signed(-0.5, 1), "−0.5");
  assert.equal(valueText(NaN), "no value");
  assert.equal(valueText(4), "4");
  assert.equal(valueText(0.123456), "0.123");
});

test("lines get fainter with their number, never invisible", () => {
  assert.ok(lineOpacity(50) > lineOpacity(650));
  assert.ok(lineOpacity(1e6) >= 0.05);
  assert.ok(lineOpacity(1) <= 1);
});

test("a ramp meets its stops and stays inside them", () => {
  const shade = ramp(["#000000", "#102030", "#ffffff"]);
  assert.equal(shade(0), "#000000");
  assert.equal(shade(0.5), "#102030");
  assert.equal(shade(1), "#ffffff");
  assert.equal(shade(7), "#ffffff");
  assert.equal(shade(0.25), "#081018");
});

test("text on a ground is the ink that stands out", () => {
  assert.equal(readable("#0b5a58", "#17202b", "#ffffff"), "#ffffff");
  assert.equal(readable("#eef3fa", "#17202b", "#ffffff"), "#17202b");
});

test("a drag snaps to whole steps, either way, and stops at its sequence", () => {
  assert.deepEqual(snapWindow(5, 8, [0, 20]), [5, 9]);
  assert.deepEqual(snapWindow(8, 5, [0, 20]), [5, 9]);
  assert.deepEqual(snapWindow(5, 30, [3, 20]), [5, 20]);
  assert.deepEqual(snapWindow(5, 1, [3, 20]), [3, 6]);
});

test("why nothing is selected, and what to do", () => {
  const state = { start: 4, stop: 9, before: 1, after: 0 };
  assert.equal(
    noUnits(state),
    "No unit is on through these 5 steps and off 1 before: try another threshold or drop a constraint.",
  );
  assert.match(noUnits({ ...state, stop: 5, before: 0 }), /at this step: lower the threshold or brush fewer steps/);
  assert.match(noUnits({ ...state, after: 3 }), /and off 1 before and 3 after/);
  assert.equal(
    noUnits(state, 12, 12),
    "No unit can be on in these 5 steps: every unit's value is NaN, neither on nor off. Brush other steps.",
  );
  assert.match(noUnits(state, 3, 12), /drop a constraint\. 3 units of 12 have NaN there\.$/);
});

test("one of a kind is not several", () => {
  assert.equal(plural(1, "match"), "1 match");
  assert.equal(plural(1306, "match"), "1,306 matches");
});
