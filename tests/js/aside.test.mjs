import assert from "node:assert/strict";
import test from "node:test";
import { visibleRows } from "../../assets/page/dom/virtual-list.mjs";
import { barcodeColumns, barcodeDepth, barcodePlace, binAt } from "../../assets/page/lib/barcode.mjs";
import {
  barsEnd,
  byStrength,
  enrichmentSentence,
  filterWords,
  isValueAllowed,
  nextBelow,
  strongestValue,
  toggledFilter,
  valueRange,
} from "../../assets/page/lib/enrichment.mjs";
import { barBounds, boundsWords, isBarIn, lengthBars } from "../../assets/page/lib/length-bars.mjs";
import { binsBetween, decimal, fillBins, percent } from "../../assets/page/lib/shares.mjs";
import { addCurves, adviceSentence, between, countAt, curveCorners } from "../../assets/page/lib/threshold-curve.mjs";
import { contextStrength, onPart, unitSentence, unitTracks } from "../../assets/page/lib/unit-summary.mjs";

test("a share that is neither none nor all never reads so", () => {
  assert.deepEqual([0, 1, 0.2304, 0.031, 0.00001, 0.9996, 0.995, null].map(percent), [
    "0 %",
    "100 %",
    "23 %",
    "3.1 %",
    "< 0.01 %",
    "> 99.9 %",
    "99.5 %",
    "no value",
  ]);
  assert.deepEqual([0, 0.004, 0.00004, 1, null].map(decimal), ["0.00", "0.004", "<.001", "1.00", "–"]);
});

test("lengths have a bar each where they are few, and every length is in one bar where they are many", () => {
  assert.deepEqual(binsBetween(3, 5, 10), [
    { from: 3, to: 3 },
    { from: 4, to: 4 },
    { from: 5, to: 5 },
  ]);
  for (const last of [25, 100, 5000, 1000000]) {
    const bins = binsBetween(1, last, 24);
    assert.ok(bins.length <= 24, `${bins.length} bars for ${last}`);
    assert.equal(bins[0].from, 1);
    assert.equal(bins.at(-1).to, last);
    bins.slice(1).forEach((bin, k) => assert.equal(bin.from, bins[k].to + 1));
    assert.ok(bins.every(({ from, to }) => from <= to));
  }
  const bins = binsBetween(1, 100, 24);
  assert.equal(
    fillBins(bins, [
      [1, 5],
      [100, 2],
      [57, 3],
    ]).reduce((a, b) => a + b),
    10,
  );
});

test("a bin of a histogram is cut where the threshold is", () => {
  assert.equal(onPart(0, 0.1, 0.3, "high"), null);
  assert.deepEqual(onPart(0.4, 0.5, 0.3, "high"), { from: 0, to: 1 });
  assert.equal(onPart(0.2, 0.4, 0.3, "high").from.toFixed(3), "0.500");
  assert.equal(onPart(-0.4, -0.2, -0.3, "low").to.toFixed(3), "0.500");
  assert.equal(onPart(0, 0.1, -0.3, "low"), null);
});

test("what a unit does is said in words", () => {
  const card = { on_rate: 0.2304, n_runs: 20, median_run: 2, n_nan: 0 };
  assert.equal(unitSentence(card), "on in 23 % of steps · median run 2 steps");
  assert.equal(unitSentence({ ...card, n_runs: 1, n_nan: 3 }), "on in 23 % of steps · in one run · 3 NaN values");
  assert.equal(unitSentence({ ...card, on_rate: 0, n_runs: 0 }), "never on");
  assert.equal(
    unitSentence({ ...card, on_rate: 1, n_runs: 2, median_run: 100 }),
    "on at every step · median run 100 steps",
  );
  assert.equal(unitSentence({ ...card, on_rate: null }), "no step has a value");
});

test("a context is coloured by how far it goes to the unit's side", () => {
  assert.equal(contextStrength(1, 0.3, "high", 1), 1);
  assert.equal(contextStrength(-1, -0.3, "low", 1), 1);
  assert.ok(contextStrength(0.3, 0.3, "high", 1) > 0.5);
  assert.ok(contextStrength(0.29, 0.3, "high", 1) < 0.1);
  assert.equal(contextStrength(1, -0.3, "low", 1), 0);
  assert.equal(contextStrength(null, 0.3, "high", 1), 0);
});

test("the tracks of a unit come the most telling first, with their most telling values in order", () => {
  const table = (rates, steps) => ({ value: rates.map((_, k) => k), on_rate: rates, n_steps: steps });
  const dull = {
    name: "dull",
    kind: "number",
    r: 0.1,
    on_rate: 0.2,
    n_steps: 30,
    table: table([0.2, 0.21, 0.19], [10, 10, 10]),
  };
  const sharp = {
    name: "sharp",
    kind: "number",
    r: 0.9,
    on_rate: 0.2,
    n_steps: 30,
    table: table([0.2, 0, 0.6], [10, 10, 10]),
  };
  const none = { name: "none", kind: "number", r: null, on_rate: 0.2, n_steps: 30, table: null };
  const found = unitTracks({ tracks: [dull, none, sharp] }, 2);
  assert.deepEqual(
    found.map((track) => track.name),
    ["sharp", "dull", "none"],
  );
  assert.deepEqual(
    found[0].rows.map((row) => row.value),
    [1, 2],
  );
  assert.deepEqual([found[0].nValues, found[2].rows], [3, []]);
});

const CURVE = {
  threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  n_units: [5, 4, 4, 4, 4, 2, 3, 0, 0, 0, 0],
};

test("the adviser says how far the present choice goes", () => {
  assert.equal(adviceSentence(CURVE, 0.2, 4), "4 units from 0.10 to 0.40: a stable choice");
  assert.equal(adviceSentence(CURVE, 0.5), "2 units only at 0.50: little room. Steadier: 4 units from 0.10 to 0.40");
  assert.equal(adviceSentence(CURVE, 0.9), "No unit from 0.70 to 1.00; 4 units from 0.10 to 0.40");
  assert.match(adviceSentence(CURVE, 7), /^7\.00 is beyond this curve/);
  assert.match(adviceSentence({ threshold: [0, 1], n_units: [0, 0] }, 0.5), /^No threshold selects any unit here/);
});

test("between two points of the curve the adviser tells of both, unless all agree", () => {
  assert.equal(adviceSentence(CURVE, 0.25, 4), "4 units from 0.10 to 0.40: a stable choice");
  assert.equal(adviceSentence(CURVE, 0.995, 1), "1 unit at exactly 0.995: 0 at 0.90, 0 at 1.00");
  assert.equal(adviceSentence(CURVE, 0.45, null), "0.45 lies between two points of the curve: 4 at 0.40, 2 at 0.50");
  assert.deepEqual([between(CURVE, 0.4), between(CURVE, 0), between(CURVE, 2)], [null, null, null]);
});

test("two sides are added, also where one goes further", () => {
  const wide = { threshold: [0, 0.5, 1, 2], n_units: [3, 2, 1, 1] };
  const narrow = { threshold: [0, 0.5, 1], n_units: [1, 1, 5] };
  assert.deepEqual(addCurves(narrow, wide), { threshold: wide.threshold, n_units: [4, 3, 6, 1] });
  assert.deepEqual(addCurves(wide, narrow), addCurves(narrow, wide));
  assert.equal(countAt(wide, 0.6), 2);
});

test("the curve turns only where the count changes", () => {
  const corners = curveCorners(
    CURVE,
    (x) => x,
    (y) => y,
  );
  assert.deepEqual(corners.slice(0, 3), [
    [0, 5],
    [0.05, 5],
    [0.05, 4],
  ]);
  assert.deepEqual(corners.at(-1), [1, 0]);
  assert.equal(corners.length, 2 + 2 * 4);
});

const value = (name, share, base, low = null, high = null) => ({ value: name, share, base_rate: base, low, high });
const TAG = { name: "tag", kind: "category", n_steps: 9, values: [value("a", 0.1, 0.3), value("b", 0.9, 0.7)] };
const LOSS = {
  name: "loss",
  kind: "number",
  n_steps: 9,
  values: [value("0 to 1", 0, 0.5, 0, 1), value("1 to 2", 1, 0.5, 1, 2)],
};

test("the track that tells most comes first, and says what", () => {
  const empty = { name: "none", kind: "number", n_steps: 0, values: [] };
  assert.deepEqual(
    byStrength([TAG, empty, LOSS]).map((track) => track.name),
    ["loss", "tag"],
  );
  assert.equal(strongestValue(TAG).value, "b");
  assert.equal(strongestValue({ ...TAG, values: [value("a", 0.1, 0.1)] }), null);
  assert.deepEqual(enrichmentSentence("depth", value("4", 1, 0.21)), {
    figure: "1.00",
    rest: "of the matched steps have depth 4, 0.21 of the corpus: 4.8 times as often",
  });
  assert.deepEqual(enrichmentSentence("token before", value("the", 0.3, 0.3), true), {
    figure: "0.30",
    rest: "of the tokens before are “the”, 0.30 of the corpus",
  });
});

test("bars of small shares end at less than 1, with room for an interval", () => {
  const ends = [
    [0.07, 0.02],
    [0.08, 0.09],
    [0.4, 0.1],
    [0.41, 0.1],
    [1, 0.2],
    [0.001, 0],
  ];
  assert.deepEqual(
    ends.map(([share, base]) => barsEnd([value("a", share, base), value("b", 0, 0)], [])),
    [0.1, 0.2, 0.5, 1, 1, 0.01],
  );
  assert.equal(barsEnd([value("a", null, null)], [null]), 1);
  assert.equal(barsEnd([], []), 1);
  assert.equal(barsEnd([value("a", 0.07, 0.02)], [0.11]), 0.2);
});

test("a bar of labels joins its filter and leaves it", () => {
  const [a, b] = TAG.values;
  const other = { track: "x", low: 1, high: 2 };
  const one = toggledFilter([other], TAG, a);
  assert.deepEqual(one, [other, { track: "tag", labels: ["a"] }]);
  const two = toggledFilter(one, TAG, b);
  assert.deepEqual(two[1].labels, ["a", "b"]);
  assert.deepEqual(toggledFilter(toggledFilter(two, TAG, a), TAG, b), [other]);
  assert.deepEqual(
    [isValueAllowed([], TAG, a), isValueAllowed(one, TAG, a), isValueAllowed(one, TAG, b)],
    [null, true, false],
  );
});

test("a bar of numbers is a range without the end that the next one begins with", () => {
  const [low, high] = LOSS.values;
  const one = toggledFilter([], LOSS, low);
  assert.ok(one[0].high < 1 && one[0].high > 0.9999999);
  assert.deepEqual(valueRange(LOSS, high), { low: 1, high: 2 });
  assert.deepEqual(toggledFilter(one, LOSS, high), [{ track: "loss", low: 1, high: 2 }]);
  const both = toggledFilter(one, LOSS, high, true);
  assert.deepEqual(both, [{ track: "loss", low: 0, high: 2 }]);
  assert.deepEqual(
    LOSS.values.map((bar) => isValueAllowed(both, LOSS, bar)),
    [true, true],
  );
  assert.deepEqual(
    LOSS.values.map((bar) => isValueAllowed([{ track: "loss", low: 1 }], LOSS, bar)),
    [false, true],
  );
  assert.deepEqual(toggledFilter(one, LOSS, low), []);
});

test("the next smaller double", () => {
  for (const x of [1, -1, 0.1, 1e300, -1e-300]) {
    const y = nextBelow(x);
    assert.ok(y < x);
    assert.ok((x + y) / 2 === x || (x + y) / 2 === y);
  }
  assert.equal(nextBelow(0), -Number.MIN_VALUE);
  assert.equal(nextBelow(Infinity), Infinity);
});

test("a filter in words", () => {
  const text = String;
  assert.equal(filterWords({ track: "depth", low: 4, high: 4 }, text), "depth 4");
  assert.equal(filterWords({ track: "depth", low: 2 }, text), "depth from 2");
  assert.equal(filterWords({ track: "depth", high: 2 }, text), "depth up to 2");
  assert.equal(filterWords({ track: "loss", low: 1, high: 2 }, text), "loss 1 to 2");
  assert.equal(filterWords({ track: "tag", labels: ["a", "b"] }, text), "tag a or b");
  assert.equal(filterWords({ track: "tag", labels: ["a", "b", "c", "d", "e"] }, text), "tag a, b, c or 2 more");
  assert.equal(filterWords({ track: "", labels: ["is", "are"] }, text), "token is or are");
  assert.equal(filterWords({ track: "", labels: [], expression: "k.*", over: "tokens" }, text), "token k.*");
  assert.equal(filterWords({ track: "", labels: [], expression: "a b", over: "characters" }, text), "characters a b");
});

test("lengths with all units on, and all that were found", () => {
  const found = lengthBars(
    [
      [4, 1, 10],
      [4, 3, 5],
      [2, 1, 7],
      [1, 2, 9],
    ],
    4,
    1,
  );
  assert.deepEqual(found, [
    { from: 1, to: 1, strict: 10, fuzzy: 17 },
    { from: 2, to: 2, strict: 0, fuzzy: 9 },
    { from: 3, to: 3, strict: 5, fuzzy: 5 },
  ]);
  assert.deepEqual(
    lengthBars(
      [
        [4, 1, 10],
        [2, 1, 7],
      ],
      4,
      3,
    ).map((bar) => bar.fuzzy),
    [10],
  );
  assert.deepEqual(lengthBars([], 4, 1), []);
  assert.deepEqual(barBounds(found, 2, 1), { minLength: 2, maxLength: null });
  assert.deepEqual(barBounds(found, 0, 1), { minLength: 1, maxLength: 2 });
  assert.deepEqual(
    found.map((bar) => isBarIn(bar, { minLength: 2, maxLength: 2 })),
    [false, true, false],
  );
});

test("bounds in words", () => {
  const words = (minLength, maxLength) => boundsWords({ minLength, maxLength });
  assert.deepEqual(
    [words(1, null), words(3, null), words(3, 8), words(1, 8), words(4, 4), words(1, 1)],
    ["", "3 steps or more", "3 to 8 steps", "up to 8 steps", "4 steps", "1 step"],
  );
});

test("columns of the strip hold every step of the corpus", () => {
  const given = {
    width: 10,
    n_steps: 95,
    n_matches: [1, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    n_steps_in: [5, 0, 0, 0, 0, 0, 0, 0, 0, 5],
  };
  assert.deepEqual(
    barcodeColumns(given, 10).map((share) => share > 0),
    [true, true, ...Array(7).fill(false), true],
  );
  assert.equal(barcodeColumns(given, 1)[0], 10 / 95);
  const wide = barcodeColumns(given, 950);
  assert.equal(wide[0], 0.5);
  assert.equal(wide.at(-1), 1); // the last bin holds five steps
  assert.equal(wide.filter(Boolean).length, 100 + 50);
  assert.deepEqual(binAt(given, 94), { first: 90, end: 95, nMatches: 2 });
  assert.deepEqual([barcodeDepth(0, 1), barcodeDepth(1, 1)], [0, 1]);
});

test("what is in view is never too thin to see, and stays inside the strip", () => {
  assert.deepEqual(barcodePlace(0, 10, 1000000, 500, 6), { left: 0, width: 6 });
  assert.deepEqual(barcodePlace(999990, 1000000, 1000000, 500, 6), { left: 494, width: 6 });
  assert.deepEqual(barcodePlace(250, 750, 1000, 500, 6), { left: 125, width: 250 });
  assert.deepEqual(barcodePlace(0, 10, 10, 500, 6), { left: 0, width: 500 });
});

test("a list makes what is seen and a little more", () => {
  assert.deepEqual(visibleRows(0, 280, 28, 1000), [0, 16]);
  assert.deepEqual(visibleRows(2800, 280, 28, 1000), [94, 116]);
  assert.deepEqual(visibleRows(0, 280, 28, 3), [0, 3]);
});
