import assert from "node:assert/strict";
import test from "node:test";
import {
  attendedRun,
  laneEdges,
  links,
  MOST_LINKS,
  mostAttended,
  otherWeights,
  tokenUnder,
} from "../../assets/page/lib/pair.mjs";

test("tokens are as wide as their texts, and share what room there is up to a limit", () => {
  assert.deepEqual(laneEdges([10, 20], 100, 5), [0, 15, 40]);
  assert.deepEqual(laneEdges([10, 20], 36, 5), [0, 13, 36]);
  assert.deepEqual(laneEdges([10, 20], 20, 5), [0, 10, 30]);
  assert.deepEqual(laneEdges([], 20, 5), [0]);
});

test("the token at a place, the nearest one beyond the ends", () => {
  const edges = [0, 10, 30, 31, 60];
  assert.deepEqual(
    [-5, 0, 9.9, 10, 30.5, 31, 59, 200].map((x) => tokenUnder(edges, x)),
    [0, 0, 0, 1, 2, 3, 3, 3],
  );
});

const weights = [
  [0.7, 0.2, 0.1],
  [0.1, 0.8, 0.1],
];

test("a window of what attends has the mean of its rows, one of the other text the sum of its columns", () => {
  assert.deepEqual(otherWeights(weights, true, 0, 1), [0.7, 0.2, 0.1]);
  assert.deepEqual(
    otherWeights(weights, true, 0, 2).map((value) => value.toFixed(2)),
    ["0.40", "0.50", "0.10"],
  );
  assert.deepEqual(
    otherWeights(weights, false, 1, 3).map((value) => value.toFixed(2)),
    ["0.30", "0.90"],
  );
});

test("the fewest that hold half of the weight, and the run of them about the greatest", () => {
  assert.deepEqual(mostAttended([0.3, 0.1, 0.25, 0.35]), [true, false, false, true]);
  assert.deepEqual(attendedRun([0.3, 0.1, 0.25, 0.35]), { from: 3, to: 4, share: 0.35 });
  assert.deepEqual(attendedRun([0, 3, 3, 0, 2]), { from: 1, to: 3, share: 0.75 });
  assert.equal(attendedRun([0, 0]), null);
  assert.equal(attendedRun([]), null);
});

test("of a token only its few strongest lines are drawn, and none for what is nothing", () => {
  const even = Array.from({ length: 50 }, () => 20);
  assert.equal(links([even]).length, MOST_LINKS);
  assert.deepEqual(links([[0, 1000, 50]]), [[0, 1, 1000]]);
  assert.deepEqual(links([[0, 0]]), []);
});
