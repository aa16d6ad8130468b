import assert from "node:assert/strict";
import test from "node:test";
import { placesOf, suggestionsFor } from "../../assets/page/lib/suggestions.mjs";

const STATE = { start: 10, stop: 14, typed: null, before: 1, after: 0, side: "high", threshold: 0.3 };
const PLACES = placesOf(1);

/* How many units a changed brush selects, from a table of rules; the first that fits counts. */
const countBy = (rules) => (changes) => {
  const whole = { ...STATE, ...changes };
  return rules.find(([fits]) => fits(whole))?.[1] ?? 0;
};
const of = (rules, state = STATE) =>
  suggestionsFor(state, PLACES, countBy(rules)).map(({ label, n }) => `${label}: ${n}`);

test("each single change that selects units is offered with how many", () => {
  const rules = [
    [(s) => s.before === 0, 18],
    [(s) => s.side === "low", 7],
    [(s) => s.threshold === 0.55, 3],
    [(s) => s.threshold > 0.5 && s.threshold < 0.9, 2],
    [(s) => s.stop === 13, 4],
  ];
  assert.deepEqual(of(rules), ["threshold 0.55: 3", "off before 0: 18", "low side: 7", "without the last step: 4"]);
});

test("few units come before many", () => {
  const rules = [
    [(s) => s.before === 0, 118],
    [(s) => s.start === 11, 2],
  ];
  assert.deepEqual(of(rules), ["without the first step: 2", "off before 0: 118"]);
});

test("of thresholds that select as many the nearest one is offered", () => {
  assert.deepEqual(of([[(s) => s.threshold >= 0.6, 5]]), ["threshold 0.6: 5"]);
  assert.deepEqual(of([[(s) => s.threshold <= 0.1, 5]]), ["threshold 0.1: 5"]);
});

test("a far lower threshold comes last", () => {
  const rules = [
    [(s) => s.threshold === 0.1, 1],
    [(s) => s.before === 0, 8],
  ];
  assert.deepEqual(of(rules), ["off before 0: 8", "threshold 0.1: 1"]);
});

test("where no single change helps, several are changed at once", () => {
  const rules = [[(s) => s.before === 0 && s.threshold === 0.05 && s.side === "high", 9]];
  assert.deepEqual(of(rules), ["off before 0, threshold 0.05: 9"]);
  assert.deepEqual(suggestionsFor(STATE, PLACES, countBy(rules))[0].changes, { threshold: 0.05, before: 0 });
  assert.deepEqual(of([[(s) => s.before === 0 && s.side === "low" && s.threshold === 0.5, 1]]), [
    "off before 0, low side, threshold 0.5: 1",
  ]);
});

test("a brush on a typed text is changed there", () => {
  const state = { ...STATE, start: null, stop: null, typed: { text: "a b c", start: 0, stop: 3 } };
  const [first] = suggestionsFor(state, PLACES, (changes) => (changes.typed?.stop === 2 ? 1 : 0));
  assert.deepEqual(first.changes, { typed: { text: "a b c", start: 0, stop: 2 } });
});

test("thresholds lie over the range that is drawn", () => {
  assert.deepEqual(placesOf(1).slice(0, 3), [0.05, 0.1, 0.15]);
  assert.equal(placesOf(1).length, 19);
  assert.deepEqual(placesOf(30).at(-1), 29);
  assert.deepEqual(placesOf(30).slice(0, 4), [0.3, 0.6, 1.2, 1.5]); // states that are not bounded lie near 0
});
