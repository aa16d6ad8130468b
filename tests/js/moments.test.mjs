/* The figures through the moments of a training, as lines and in words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, labelChoices, momentLines, momentWords, stretches } from "../../assets/page/lib/moments.mjs";

const ROWS = [
  {
    loss: 2,
    is_held_out: true,
    cka: 0.2,
    at_matches: { n_matches: 0, lift: null, f1: null },
    unit: { r: -0.5, partner: 4, r_partner: 0.9, is_mutual: true },
  },
  {
    loss: 1,
    is_held_out: true,
    cka: 1,
    at_matches: { n_matches: 7, lift: 0.25, f1: 0.5 },
    unit: { r: 1, partner: 3, r_partner: 1, is_mutual: false },
  },
];

test("each figure that is known is a line, shares on a common scale", () => {
  const lines = momentLines(/** @type {any} */ (ROWS), "3");
  assert.deepEqual(
    lines.map(({ name, values, low, high }) => [name, values, low, high]),
    [
      ["held-out loss", [2, 1], 1, 2],
      ["states like the last", [0.2, 1], 0, 1],
      ["F1 of the matches", [null, 0.5], 0, 1],
      ["lift of the matches", [null, 0.25], 0, 1],
      ["unit 3 like itself at the last", [0.5, 1], 0, 1],
    ],
  );
  const bare = momentLines(/** @type {any} */ ([{ loss: 1, is_held_out: false }]));
  assert.deepEqual([bare[0].name, bare[0].low, bare[0].high], ["loss on the probe", 1, 2]);
  assert.deepEqual(momentLines(/** @type {any} */ ([{ loss: null }])), []);
});

test("a lift below zero stays on the scale", () => {
  const [line] = momentLines(/** @type {any} */ ([{ loss: null, at_matches: { lift: -0.2 } }]));
  assert.equal(line.low, -0.2);
  assert.equal(stretches(line)[0][0][1], 0);
});

test("a line is cut where a moment has no value", () => {
  const line = { name: "", kind: "", values: [0, null, 1, 0.5, null], low: 0, high: 1 };
  assert.deepEqual(stretches(line), [
    [[0, 0]],
    [
      [2, 1],
      [3, 0.5],
    ],
  ]);
});

test("a moment is told in words, the partner by its number", () => {
  const lines = momentLines(/** @type {any} */ (ROWS), "3");
  assert.deepEqual(momentWords("update 0", /** @type {any} */ (ROWS[0]), lines, 0), [
    "update 0",
    "held-out loss 2.00",
    "states like the last 0.20",
    "unit 3 like itself at the last 0.50",
    "0 matches with all units",
    "its partner at the last moment: unit 4 (r 0.90, and back)",
  ]);
  assert.equal(figure(0.0123), "0.012");
  assert.equal(figure(-0.5), "−0.50");
});

test("labels are offered of tracks that have few", () => {
  const track = (/** @type {object} */ given) => ({
    name: "t",
    kind: "category",
    labels: [],
    low: 0,
    high: 0,
    is_integer: true,
    group: null,
    ...given,
  });
  const many = Array.from({ length: 13 }, (_, k) => `l${k}`);
  const given = [
    track({ name: "kind", labels: ["a", "b"] }),
    track({ name: "top1", labels: ["a", "b"] }),
    track({ name: "many", labels: many }),
    track({ name: "depth", kind: "number", low: 1, high: 3 }),
    track({ name: "loss", kind: "number", low: 0, high: 3, is_integer: false }),
  ];
  assert.deepEqual(labelChoices(/** @type {any} */ (given)), [
    ['{"track":"kind","labels":["a"]}', "kind a"],
    ['{"track":"kind","labels":["b"]}', "kind b"],
    ['{"track":"depth","low":1,"high":1}', "depth 1"],
    ['{"track":"depth","low":2,"high":2}', "depth 2"],
    ['{"track":"depth","low":3,"high":3}', "depth 3"],
  ]);
});
