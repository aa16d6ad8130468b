import assert from "node:assert/strict";
import test from "node:test";
import {
  chanceText,
  evidenceOf,
  evidenceSentence,
  evidenceTip,
  intervalText,
  isBeyondChance,
} from "../../assets/page/lib/evidence.mjs";

const ROW = {
  value: "4",
  share_low: 0.957,
  share_high: 1,
  recall: 0.71,
  f1: 0.83,
  f1_always: 0.26,
  q: 0.0004,
  by: "swaps",
};
const ANSWER = {
  track: "depth",
  n_sequences: 96,
  n_unknown: 0,
  n_values: 2,
  rows: [ROW, { ...ROW, value: "3", q: 0.2 }],
};

test("a value's evidence is that of its own row", () => {
  assert.equal(evidenceOf(ANSWER, { value: "3" }), ANSWER.rows[1]);
  assert.equal(evidenceOf(ANSWER, { value: "7" }), null);
  assert.equal(evidenceOf(null, { value: "3" }), null);
  assert.equal(evidenceOf({ track: "depth", left_out: "too many" }, { value: "3" }), null);
});

test("a dot stands where q is below .05, and nowhere where nothing is known", () => {
  assert.deepEqual([ROW, { ...ROW, q: 0.05 }, { ...ROW, q: null }, null].map(isBeyondChance), [
    true,
    false,
    false,
    false,
  ]);
});

test("a p value has as many digits as it is worth", () => {
  assert.deepEqual([0, 0.0009, 0.0341, 0.34, 0.996, 1].map(chanceText), [
    "p < .001",
    "p < .001",
    "p = .034",
    "p = .34",
    "p = 1",
    "p = 1",
  ]);
});

test("the sentence says by which null and how sure one may be", () => {
  assert.equal(
    evidenceSentence(ANSWER, ROW),
    "Not by chance: p < .001 (adjusted for 2 values) against sequences swapped in tens if their order means nothing. 95 % interval 0.96 to 1.00.",
  );
  const few = { ...ROW, share_low: null, share_high: null, q: 0.2, by: "shifts" };
  assert.equal(
    evidenceSentence({ ...ANSWER, rows: [few], n_values: 1, n_sequences: 7, n_unknown: 1 }, few),
    "Perhaps by chance: p = .20 against labels shifted along the text: a weaker test, misled by drift. Only 7 sequences have a match: too few for an interval. 1 matched step without a value left out.",
  );
  assert.match(evidenceSentence(ANSWER, ROW, "token"), /adjusted for 2 tokens/);
  assert.match(evidenceSentence({ ...ANSWER, rows: [few], n_sequences: 1 }, few), /Only one sequence has a match/);
  assert.equal(evidenceSentence(ANSWER, { ...ROW, q: null }), "");
  assert.equal(evidenceSentence(ANSWER, null), "");
});

test("a row's tip has the interval, chance and the detector's floor", () => {
  assert.deepEqual(evidenceTip(ROW), [
    "95 % interval 0.96 to 1.00",
    "not by chance: q < .001",
    "recall 0.71, F1 0.83; always yes 0.26",
  ]);
  assert.deepEqual(evidenceTip({ ...ROW, share_low: null, share_high: null, q: 0.2 })[0], "perhaps by chance: q = .20");
  assert.equal(intervalText({ ...ROW, share_low: null }), null);
  assert.deepEqual(evidenceTip(null), []);
});
