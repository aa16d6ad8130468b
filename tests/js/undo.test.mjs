import assert from "node:assert/strict";
import test from "node:test";
import { undoStack } from "../../assets/page/store/undo.mjs";

test("undo goes back to each state at rest, and redo forth again", () => {
  const steps = undoStack();
  for (const text of ["a", "b", "b", "c"]) steps.note(text);
  assert.equal(steps.canForth(), false);
  assert.deepEqual([steps.back(), steps.back(), steps.back()], ["b", "a", null]);
  assert.equal(steps.canBack(), false);
  assert.deepEqual([steps.forth(), steps.forth(), steps.forth()], ["b", "c", null]);
});

test("what is undone is shown, noted again, and still can be redone", () => {
  const steps = undoStack();
  for (const text of ["a", "b"]) steps.note(text);
  steps.note(steps.back());
  assert.equal(steps.forth(), "b");
});

test("a new step takes the place of what was undone", () => {
  const steps = undoStack();
  for (const text of ["a", "b"]) steps.note(text);
  steps.back();
  steps.note("c");
  assert.equal(steps.forth(), null);
  assert.equal(steps.back(), "a");
});

test("the oldest states are forgotten", () => {
  const steps = undoStack();
  for (let k = 0; k < 1000; k++) steps.note(String(k));
  let n = 0;
  while (steps.back() !== null) n++;
  assert.equal(n, 199);
});
