import assert from "node:assert/strict";
import test from "node:test";
import { barRows, beatPause, whereWords } from "../../assets/page/lib/classroom.mjs";

test("a class asks about once a second, not all at once", () => {
  assert.equal(beatPause(false, 0.5), 1000);
  assert.deepEqual([beatPause(false, 0), beatPause(false, 1)], [700, 1300]);
  assert.ok(beatPause(true, 0) > 3000);
});

test("a student's place is told by lesson and recording", () => {
  const student = { recording: "parens-2x50", step: 12345, lesson: ["Which?", 8, 2], follows: false };
  assert.equal(whereWords(student), "parens-2x50, step 12,345 · 3 of 8: Which?");
  assert.equal(whereWords({ ...student, follows: true }), "parens-2x50, step 12,345");
  assert.equal(whereWords({ ...student, lesson: ["Which?", 8, 8] }), "parens-2x50, step 12,345 · the end: Which?");
  assert.equal(whereWords({ ...student, recording: "", lesson: null }), "the start page");
});

test("bars are shares of the longest, in parts by how sure, the surest first", () => {
  const rows = barRows([
    { text: "up", n: 4, n_sure: [1, 0, 2], is_right: true },
    { text: "down", n: 1, n_sure: [0, 0, 0], is_right: false },
    { text: "same", n: 0, n_sure: [0, 0, 0], is_right: false },
  ]);
  assert.deepEqual(
    rows.map((row) => [row.text, row.percent, row.parts.map((part) => [part.sure, part.count, part.share])]),
    [
      [
        "up",
        80,
        [
          [2, 2, 0.5],
          [0, 1, 0.25],
          [-1, 1, 0.25],
        ],
      ],
      ["down", 20, [[-1, 1, 0.25]]],
      ["same", 0, []],
    ],
  );
  assert.deepEqual(barRows([]), []);
  assert.equal(barRows([{ text: "up", n: 0, n_sure: [0, 0, 0], is_right: null }])[0].percent, 0);
});
