import assert from "node:assert/strict";
import test from "node:test";
import { ablationTicks, ablationWords, nats, placeOf } from "../../assets/page/lib/ablation.mjs";

/** An answer whose pattern changes the predictions by `kl`, beside others that change them by these. */
function answer(kl, others, { nUnits = 1, loss = 0.16 } = {}) {
  const p = others.length ? (1 + others.filter((other) => other >= kl).length) / (1 + others.length) : null;
  const place = (name, value) => ({ place: name, kl: value, loss, n_steps: 5 });
  return {
    n_units: nUnits,
    p,
    places: [place("here", kl), place("after", 0.12), place("elsewhere", 0.00002)],
    others: { kl: others, units: others.map((_, k) => `rnn.l0.c ${k}`) },
  };
}

test("nats are told with three digits, and never as none where there are some", () => {
  assert.deepEqual([0.2974, 0.00002, 1.3299, 0, -0.0123, null].map(nats), [
    "0.297",
    "<.001",
    "1.33",
    "0",
    "-0.012",
    "–",
  ]);
});

test("units that change more than any others are needed", () => {
  const words = ablationWords(answer(0.2974, Array(49).fill(0.002)));
  assert.equal(words.verdict, "The model needs it here.");
  assert.equal(
    words.figures,
    "Held at another value, it changes the predictions at the matches by 0.297 nats; none of 49 other units do as much (p = .02). Up to 8 steps after a match 0.120, elsewhere <.001.",
  );
  assert.equal(words.loss, "The loss at the matches rises by 0.160 nats.");
  const toTheEnd = answer(0.2974, Array(49).fill(0.002));
  toTheEnd.places[1].kl = null; // matches that end with their sequences
  assert.match(ablationWords(toTheEnd).figures, /\(p = \.02\)\. Elsewhere <\.001\.$/);
});

test("units that change nothing are bystanders, and units like others are not needed more", () => {
  const nothing = ablationWords(answer(0.0001, Array(49).fill(0.002), { nUnits: 4 }));
  assert.match(nothing.verdict, /^The model does not need them here: a bystander/);
  assert.match(nothing.figures, /49 of 49 other sets of as many do as much \(p = 1\)/);
  const alike = ablationWords(answer(0.05, [...Array(40).fill(0.002), ...Array(9).fill(0.1)], { nUnits: 2 }));
  assert.equal(alike.verdict, "The model needs them here no more than others.");
  assert.match(alike.figures, /9 of 49 other sets of as many do as much \(p = \.2\)/);
});

test("with few others nothing is concluded", () => {
  assert.match(ablationWords(answer(0.3, [0.1, 0.2])).verdict, /^There are too few others/);
  const alone = ablationWords(answer(0.3, [], { loss: null }));
  assert.match(alone.figures, /there is no other unit to compare with/);
  assert.equal(alone.loss, "");
});

test("the scale goes by powers of ten, and holds every dot", () => {
  const given = answer(0.2974, [0.000001, 0.02, 3.5]);
  const ticks = ablationTicks(given);
  assert.deepEqual(
    ticks.map((tick) => Math.round(Math.log10(tick))),
    [-5, -4, -3, -2, -1, 0, 1],
  );
  assert.equal(placeOf(0.000001, ticks), 0);
  assert.equal(placeOf(10, ticks), 1);
  assert.ok(Math.abs(placeOf(0.01, ticks) - 0.5) < 1e-9);
});
