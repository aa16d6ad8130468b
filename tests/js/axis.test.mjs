import assert from "node:assert/strict";
import test from "node:test";
import { axisTicks, compact, dragStep, snap, tickText } from "../../assets/page/lib/axis.mjs";
import { selectedLook, thresholdText } from "../../assets/page/lib/scale.mjs";

test("any range has at least three ticks, inside it", () => {
  for (const bound of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].flatMap((k) => [
    k,
    k * 1e-6,
    k * 0.01,
    k * 100,
    k * 1e7,
  ])) {
    for (const wanted of [2, 3, 4]) {
      const ticks = axisTicks(-bound, bound, wanted);
      assert.ok(ticks.length >= 3 && ticks.length <= 9, `${bound} ${wanted}: ${ticks}`);
      assert.ok(ticks.every((tick) => Math.abs(tick) <= bound * 1.0000001));
      assert.equal(new Set(ticks.map((tick) => tickText(tick, ticks))).size, ticks.length, "labels tell ticks apart");
    }
  }
});

test("ticks in words are short", () => {
  const words = (low, high, wanted) => axisTicks(low, high, wanted).map((tick, _, all) => tickText(tick, all));
  assert.deepEqual(words(-1, 1, 4), ["−1.0", "−0.5", "0.0", "+0.5", "+1.0"]);
  assert.deepEqual(words(-1000, 1000, 4), ["−1k", "−500", "0", "+500", "+1k"]);
  assert.deepEqual(words(-1.5e6, 1.5e6, 3), ["−1M", "0", "+1M"]);
  assert.deepEqual(words(-80, 80, 3), ["−50", "0", "+50"]);
  assert.deepEqual(words(-0.02, 0.02, 4), ["−0.02", "−0.01", "0.00", "+0.01", "+0.02"]);
  assert.deepEqual(words(-5e-6, 5e-6, 2), ["−5e−6", "0", "+5e−6"]);
  assert.equal(compact(1e18), "1e18");
});

test("a drag's step goes with the range, and snaps without dust", () => {
  assert.equal(dragStep(-1, 1, "raw"), 0.01);
  assert.equal(dragStep(-1, 1, "tanh"), 0.01);
  assert.equal(dragStep(-0.02, 0.02, "raw"), 0.0001);
  assert.equal(dragStep(-1000, 1000, "raw"), 10);
  assert.equal(snap(0.5700001, 0.01), 0.57);
  assert.equal(snap(-0.012345, 0.0001), -0.0123);
  assert.equal(snap(487, 10), 490);
  assert.equal(thresholdText(0.0105, 0.0001), "0.0105");
  assert.equal(thresholdText(0.01, 0.0001), "0.01");
  assert.equal(thresholdText(500, 10), "500");
});

test("few selected lines are bold, many fainter the more they are", () => {
  assert.deepEqual(selectedLook(4), { width: 2, opacity: 1 });
  assert.ok(selectedLook(794).opacity < 0.06);
  assert.ok(selectedLook(40).opacity > selectedLook(200).opacity);
  assert.ok(selectedLook(1e6).opacity > 0);
});
