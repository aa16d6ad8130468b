import assert from "node:assert/strict";
import test from "node:test";
import { isMet, isRight, isShown } from "../../assets/page/lib/lesson.mjs";

const facts = { start: 249, units: 4, unit: null, track: "depth", recording: "parens-2x50" };

test("a step is done once everything is as it wants it", () => {
  assert.ok(isMet({}, facts));
  assert.ok(isMet({ start: 249, track: "depth" }, facts));
  assert.ok(!isMet({ start: 249, track: "where" }, facts));
  assert.ok(isMet({ start: [100, 249] }, facts));
  assert.ok(isMet({ units: { least: 1 } }, facts));
  assert.ok(!isMet({ units: { least: 5 } }, facts));
  assert.ok(!isMet({ units: { most: 3 } }, facts));
  assert.ok(!isMet({ unit: { least: 0 } }, facts), "no unit is held");
  assert.ok(!isMet({ nothing: 1 }, facts));
});

test("a link is shown once what it selects is; where one looks counts only alone", () => {
  const state = { at: 200, span: 60, start: 249, stop: 255, threshold: 0.3, pinned: [] };
  assert.ok(isShown({ at: 10, start: 249, stop: 255 }, state));
  assert.ok(!isShown({ at: 220, start: 249, stop: 254 }, state));
  assert.ok(isShown({ at: 220 }, state));
  assert.ok(!isShown({ at: 260 }, state));
  assert.ok(!isShown({ pinned: [{ unit: 1 }] }, state));
  assert.ok(isShown({}, state));
});

test("numbers are right within what is allowed, words whatever their case", () => {
  const share = { answer: 1, within: 0.005 };
  for (const given of ["1", "1.00", "1,00", " 0.995 "]) assert.ok(isRight(share, given), given);
  for (const given of ["0.99", "", "one", "1.0.0"]) assert.ok(!isRight(share, given), given);
  assert.ok(isRight({ answer: 96, within: 0.5 }, "96 %"));
  assert.ok(isRight({ answer: "After both", within: 0 }, "after both"));
  assert.ok(!isRight({ answer: "After both", within: 0 }, "both"));
});
