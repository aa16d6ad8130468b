"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const scale = require("../../assets/scale.js");
const words = require("../../assets/words.js");

test("ticks are round and inside", () => {
  assert.deepEqual(scale.ticks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(scale.ticks(0, 9, 3), [0, 5]);
  assert.deepEqual(scale.ticks(2, 2, 4), [2]);
  assert.deepEqual(scale.ticks(-130, 70, 4), [-100, -50, 0, 50]);
});

test("numbers as words", () => {
  assert.equal(scale.grouped(1306), "1,306");
  assert.equal(scale.grouped(20000000), "20,000,000");
  assert.equal(scale.grouped(7), "7");
  assert.equal(scale.thresholdText(0.3), "0.30");
  assert.equal(scale.thresholdText(0.305), "0.305");
  assert.equal(scale.thresholdText(-0.5), "−0.50");
  assert.equal(scale.signed(0, 1), "0.0");
  assert.equal(scale.signed(-0.5, 1), "−0.5");
  assert.equal(scale.valueText(NaN), "no value");
  assert.equal(scale.valueText(4), "4");
  assert.equal(scale.valueText(0.123456), "0.123");
});

test("lines get fainter with their number, never invisible", () => {
  assert.ok(scale.lineOpacity(50) > scale.lineOpacity(650));
  assert.ok(scale.lineOpacity(1e6) >= 0.05);
  assert.ok(scale.lineOpacity(1) <= 1);
});

test("a ramp meets its stops and stays inside them", () => {
  const ramp = scale.ramp(["#000000", "#102030", "#ffffff"]);
  assert.equal(ramp(0), "#000000");
  assert.equal(ramp(0.5), "#102030");
  assert.equal(ramp(1), "#ffffff");
  assert.equal(ramp(7), "#ffffff");
  assert.equal(ramp(0.25), "#081018");
});

test("text on a ground is the ink that stands out", () => {
  assert.equal(scale.readable("#0b5a58", "#17202b", "#ffffff"), "#ffffff");
  assert.equal(scale.readable("#eef3fa", "#17202b", "#ffffff"), "#17202b");
});

test("a drag snaps to whole steps, either way, and stops at its sequence", () => {
  assert.deepEqual(scale.snapWindow(5, 8, [0, 20]), [5, 9]);
  assert.deepEqual(scale.snapWindow(8, 5, [0, 20]), [5, 9]);
  assert.deepEqual(scale.snapWindow(5, 30, [3, 20]), [5, 20]);
  assert.deepEqual(scale.snapWindow(5, 1, [3, 20]), [3, 6]);
});

test("why nothing is selected, and what to do", () => {
  const state = { start: 4, stop: 9, before: 1, after: 0 };
  assert.equal(words.noUnits(state), "No unit is on through these 5 steps and off 1 before: try another threshold or drop a constraint.");
  assert.match(words.noUnits({ ...state, stop: 5, before: 0 }), /at this step: lower the threshold or brush fewer steps/);
  assert.match(words.noUnits({ ...state, after: 3 }), /and off 1 before and 3 after/);
  assert.equal(words.noUnits(state, 12, 12), "No unit can be on in these 5 steps: every unit's value is NaN, neither on nor off. Brush other steps.");
  assert.match(words.noUnits(state, 3, 12), /drop a constraint\. 3 units of 12 have NaN there\.$/);
});

test("one of a kind is not several", () => {
  assert.equal(words.plural(1, "match"), "1 match");
  assert.equal(words.plural(1306, "match"), "1,306 matches");
});
