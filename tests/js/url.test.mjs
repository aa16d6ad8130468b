import assert from "node:assert/strict";
import test from "node:test";
import {
  fitToDump,
  formatAddress,
  MAX_WINDOW,
  parseAddress,
  questionKey,
  viewLimits,
} from "../../assets/page/lib/url.mjs";
import { BASE_STATE } from "../../assets/page/lib/url-fields.mjs";

const state = { ...BASE_STATE, dump: "u-1", source: "rnn.l1.c", at: 2160, span: 60, start: 2175, stop: 2180 };
const about = {
  uuid: "u-1",
  name: "parens",
  axes: [{ n_steps: 20000 }, { n_steps: 10 }],
  sources: [
    { name: "rnn.l0.c", axis: 0, n_units: 50 },
    { name: "rnn.l1.c", axis: 0, n_units: 50 },
    { name: "dec.l0.h", axis: 1, n_units: 3 },
  ],
  tracks: [
    { name: "depth", axis: 0, kind: "number", labels: [] },
    { name: "tag", axis: 0, kind: "category", labels: ["NN", "V/B", "%25,é"] },
    { name: "far", axis: 1, kind: "number", labels: [] },
  ],
};
const defaults = { ...BASE_STATE, source: "rnn.l1.c", at: 0, span: 60 };

test("a state and its query are the same thing", () => {
  assert.equal(formatAddress(state), "?dump=u-1&source=rnn.l1.c&at=2160&span=60&start=2175&stop=2180");
  const { values, problems } = parseAddress(formatAddress(state));
  assert.deepEqual(problems, []);
  assert.deepEqual(fitToDump(values, about, defaults), { state, problems: [] });
});

test("a state without a brush has none in its query", () => {
  const query = formatAddress({ ...state, start: null, stop: null });
  assert.doesNotMatch(query, /start|stop/);
  assert.equal(fitToDump(parseAddress(query).values, about, defaults).state.start, null);
});

test("odd names survive the query", () => {
  const odd = { ...state, source: "enc&oder #1.l0.h+ü" };
  assert.equal(parseAddress(formatAddress(odd)).values.source, odd.source);
});

test("a threshold keeps every digit", () => {
  for (const threshold of [0.305, -0.1, 0.1 + 0.2, 1e-7]) {
    assert.equal(parseAddress(formatAddress({ ...state, threshold })).values.threshold, threshold);
  }
});

for (const [query, words] of [
  ["?at=abc", /at=abc is not a step number/],
  ["?at=-3", /at=-3 is not a step number/],
  ["?span=1.5", /span=1.5 is not a number of steps/],
  ["?t=high", /t=high is not a number/],
  ["?t=", /t= is not a number/],
  ["?t=1e999", /t=1e999 is not a number/],
  ["?before=two", /before=two/],
]) {
  test(`parse says what is wrong with ${query}`, () => {
    const { values, problems } = parseAddress(query);
    assert.deepEqual(values, {});
    assert.equal(problems.length, 1);
    assert.match(problems[0], words);
  });
}

for (const [values, words] of [
  [{ source: "rnn.l9.c" }, /no source rnn.l9.c in parens; it has rnn.l0.c, rnn.l1.c, dec.l0.h/],
  [{ start: 5 }, /only one end/],
  [{ start: 9, stop: 9 }, /\[9, 9\) is empty/],
  [{ start: 19990, stop: 20001 }, /ends at step 20001; parens has 20000 steps/],
  [{ start: 0, stop: MAX_WINDOW + 1 }, /at most/],
  [{ at: 20000 }, /past the end/],
  [{ before: 1000 }, /before=1000 is more than the 99 steps.*shown: 99/],
  [{ after: 100 }, /after=100/],
  [{ span: 6000 }, /span=6000 is more than the 800 steps.*shown: 800/],
  [{ span: 2 }, /span=2 is fewer than the 8 steps.*shown: 8/],
  [{ rows: 5000 }, /rows=5000 is more than the 2000 rows.*shown: 2000/],
]) {
  test(`fit says what does not fit: ${JSON.stringify(values)}`, () => {
    const { state: fitted, problems } = fitToDump(values, about, defaults);
    assert.equal(problems.length, 1);
    assert.match(problems[0], words);
    assert.equal(fitted.start, null);
    assert.ok(fitted.at + fitted.span <= 20000);
    assert.ok(about.sources.some((source) => source.name === fitted.source));
  });
}

test("fit shrinks the view to a short dump", () => {
  const short = { ...about, axes: [{ n_steps: 5 }] };
  const { state: fitted } = fitToDump({ at: 3, span: 60 }, short, defaults);
  assert.deepEqual([fitted.at, fitted.span], [0, 5]);
});

test("rows are in the query where they are not the usual fifty, and survive it", () => {
  assert.doesNotMatch(formatAddress(state), /rows/);
  const { values } = parseAddress(formatAddress({ ...state, rows: 150 }));
  assert.equal(fitToDump(values, about, defaults).state.rows, 150);
});

test("a view and a window hold what fits into memory", () => {
  assert.deepEqual(viewLimits({ n_units: 650, dtype: "float32" }), { span: 800, window: MAX_WINDOW });
  const wide = { n_units: 100000, dtype: "float64" };
  assert.ok(viewLimits(wide).span * 800000 <= 64 * 2 ** 20);
  const broad = { ...about, sources: [{ name: "x", axis: 0, ...wide }] };
  const { state: fitted, problems } = fitToDump({ span: 400 }, broad, { ...defaults, source: "x" });
  assert.equal(fitted.span, viewLimits(wide).span);
  assert.match(problems[0], /span=400 is more than/);
  assert.match(fitToDump({ start: 0, stop: 100 }, broad, { ...defaults, source: "x" }).problems[0], /at most/);
});

test("one step is not several", () => {
  const one = { ...about, name: "single", axes: [{ n_steps: 1 }] };
  assert.match(fitToDump({ at: 3 }, one, defaults).problems[0], /single has 1 step$/);
});

test("the key changes with the question, not with the view", () => {
  assert.equal(questionKey(state), questionKey({ ...state, at: 0, span: 10 }));
  for (const change of [
    { start: 2174 },
    { threshold: 0.31 },
    { before: 0 },
    { dump: "u-2" },
    { side: "low" },
    { order: "step" },
    { pinned: [{ source: "a", unit: 1, side: "high", threshold: 1 }] },
  ]) {
    assert.notEqual(questionKey(state), questionKey({ ...state, ...change }));
  }
});

test("an opened pattern travels behind the #, whole, and takes the place of a brush", () => {
  const text = JSON.stringify({ pattern: { units: [{ source: "a&b#c", unit: 3 }] }, note: "ünïcode %41 +" });
  const about = {
    uuid: "u",
    name: "n",
    sources: [{ name: "s", axis: 0, n_units: 2, dtype: "float16" }],
    axes: [{ n_steps: 100 }],
  };
  const defaults = { ...BASE_STATE, source: "s", at: 0, span: 60 };
  const state = Object.assign({}, defaults, { dump: "u", pattern: text });
  const address = formatAddress(state);
  assert.ok(address.indexOf("#") > 0 && !address.split("#")[0].includes("unit"));
  const { values, problems } = parseAddress(`${address}`);
  assert.deepEqual(problems, []);
  assert.equal(values.pattern, text);
  const fitted = fitToDump(Object.assign({}, values, { start: 3, stop: 5 }), about, defaults).state;
  assert.deepEqual([fitted.pattern, fitted.start, fitted.stop], [text, null, null]);
  assert.notEqual(questionKey(state), questionKey(defaults));
});

const whole = {
  ...state,
  threshold: -0.25,
  side: "both",
  before: 0,
  after: 3,
  parts: [{ source: "rnn.l0.c", side: "low", threshold: 0.125 }],
  excluded: [
    { source: "rnn.l1.c", unit: 3, side: "high" },
    { source: "rnn.l0.c", unit: 4, side: "low", threshold: -0.5 },
  ],
  pinned: [{ source: "rnn.l1.c", unit: 11, side: "low", threshold: -0.3 }],
  filters: [
    { track: "depth", low: 2 },
    { track: "depth", low: -1, high: 0.5 },
    { track: "tag", labels: ["V/B", "%25,é"] },
  ],
  minLength: 2,
  maxLength: 9,
  hidden: [
    [4, 9],
    [100, 101],
  ],
  marked: [[7, 8]],
  order: "track:depth",
  group: "sequence",
  shared: 2,
  colour: "unit:rnn.l0.c:49",
  rows: 100,
  tracks: ["tag", "depth"],
  looks: { depth: "line" },
  held: { source: "rnn.l0.c", unit: 7 },
  view: "text",
  mask: true,
  bars: true,
};

test("every part of a state survives its query", () => {
  const { values, problems } = parseAddress(formatAddress(whole));
  assert.deepEqual(problems, []);
  assert.deepEqual(fitToDump(values, about, defaults), { state: whole, problems: [] });
});

test("every part of a state has a place in the query, and takes none where it is as usual", () => {
  for (const name of Object.keys(BASE_STATE)) assert.ok(name in whole, name);
  assert.equal(new URLSearchParams(formatAddress({ ...defaults, dump: "u" })).size, 4);
});

test("no tracks at all is not the same as the usual ones", () => {
  const query = formatAddress({ ...state, tracks: [] });
  assert.deepEqual(fitToDump(parseAddress(query).values, about, defaults).state.tracks, []);
  assert.equal(fitToDump(parseAddress(formatAddress(state)).values, about, defaults).state.tracks, null);
});

for (const [query, words] of [
  ["?side=up", /side=up is not high, low or both/],
  ["?also=rnn.l0.c/low", /also=rnn.l0.c\/low is not a source such as/],
  ["?also=rnn.l0.c/low/x", /is not a source/],
  ["?out=rnn.l0.c/11/up", /is not a unit/],
  ["?pin=rnn.l0.c/1.5/high", /is not a unit/],
  ["?only=depth/range//", /is not a filter/],
  ["?only=tag/is/%25E0%25A4", /is not a filter/],
  ["?hidden=9-4", /is not rows/],
  ["?view=pie", /is not lines, text or map/],
  ["?unit=rnn.l0.c", /is not a unit/],
  ["?mask=yes", /mask=yes is not 1/],
]) {
  test(`parse leaves out and tells of ${query}`, () => {
    const { values, problems } = parseAddress(query);
    assert.deepEqual(Object.values(values).flat(), []);
    assert.equal(problems.length, 1);
    assert.match(problems[0], words);
  });
}

for (const [values, words] of [
  [{ parts: [{ source: "rnn.l7.c", side: "low", threshold: 1 }] }, /source rnn.l7.c, which is not in parens/],
  [{ parts: [{ source: "dec.l0.h", side: "low", threshold: 1 }] }, /source dec.l0.h, which is not in/],
  [{ parts: [{ source: "rnn.l1.c", side: "low", threshold: 1 }] }, /source rnn.l1.c twice/],
  [{ pinned: [{ source: "rnn.l1.c", unit: 50, side: "low" }] }, /unit 50 of rnn.l1.c, which has units 0 to 49/],
  [{ excluded: [{ source: "x", unit: 1, side: "low" }] }, /source x, which/],
  [{ held: { source: "rnn.l1.c", unit: 77 } }, /unit 77/],
  [{ filters: [{ track: "far", low: 1 }] }, /track far, which is not/],
  [{ filters: [{ track: "tag", low: 1 }] }, /by a range, but it holds labels/],
  [{ filters: [{ track: "depth", labels: ["a"] }] }, /by labels, but it holds numbers/],
  [{ filters: [{ track: "tag", labels: ["ZZ"] }] }, /no label ZZ/],
  [{ filters: [{ track: "depth", low: 3, high: 1 }] }, /allows 3 to 1/],
  [{ minLength: 5, maxLength: 2 }, /5 to 2 steps/],
  [{ minLength: 0 }, /0 to any number of steps/],
  [{ shared: 0 }, /shared=0/],
  [{ tracks: ["nope"] }, /track nope/],
  [{ order: "worst" }, /order=worst is not/],
  [{ group: "track:far" }, /group=track:far is not/],
  [{ colour: "unit:rnn.l1.c:50" }, /colour=unit:rnn.l1.c:50 is not/],
]) {
  test(`fit leaves out and tells of ${JSON.stringify(values)}`, () => {
    const { state: fitted, problems } = fitToDump(values, about, defaults);
    assert.equal(problems.length, 1, problems.join());
    assert.match(problems[0], words);
    assert.deepEqual(fitted, { ...defaults, dump: "u-1", tracks: values.tracks ? [] : null });
  });
}

test("a pin without a threshold takes that of the brush, on its side", () => {
  const { values } = parseAddress("?t=0.4&pin=rnn.l1.c/3/low&pin=rnn.l1.c/3/high");
  assert.deepEqual(
    fitToDump(values, about, defaults).state.pinned.map((unit) => unit.threshold),
    [-0.4, 0.4],
  );
});

test("a pinned pattern travels behind the #, beside an opened one; what cannot be read is told", () => {
  const text = JSON.stringify({ pattern: { units: [] } });
  const versus = { dump: "u-2", name: "a & b#c", pattern: text };
  const { values, problems } = parseAddress(formatAddress({ ...state, versus, lists: "A", pattern: text }));
  assert.deepEqual([values.versus, values.lists, values.pattern, problems], [versus, "A", text, []]);
  assert.match(parseAddress("?dump=u#versus=3").problems[0], /pinned pattern cannot be read/);
  assert.match(
    parseAddress(`?dump=u#versus=${encodeURIComponent('{"dump":"u","name":"n","pattern":"{"}')}`).problems[0],
    /pinned pattern/,
  );
  assert.equal(questionKey(state), questionKey({ ...state, versus })); // pinning asks for no other matches
  assert.notEqual(questionKey(state), questionKey({ ...state, versus, lists: "A" }));
  assert.notEqual(questionKey(state), questionKey({ ...state, colour: "unit:rnn.l1.c:3" }));
  assert.equal(questionKey(state), questionKey({ ...state, colour: "track:depth" }));
});

test("a typed text, the one before and its window travel behind the #", () => {
  const typed = {
    ...state,
    start: null,
    stop: null,
    text: "a b & c#\n",
    was: "",
    typed: { text: "a b & c#\n", start: 1, stop: 3 },
  };
  const link = formatAddress(typed);
  assert.doesNotMatch(link.split("#")[0], /text|typed|was/);
  const { values, problems } = parseAddress(link);
  assert.deepEqual(problems, []);
  assert.deepEqual(fitToDump(values, about, defaults), { state: typed, problems: [] });
  assert.doesNotMatch(formatAddress({ ...state, text: null }), /#/);
});

test("a typed text that is too long for a link is left out of it, window and all", () => {
  const text = "x".repeat(4001);
  assert.doesNotMatch(formatAddress({ ...state, text, typed: { text, start: 0, stop: 1 } }), /#/);
});

for (const [behind, words] of [
  ["text=ab&typed=2-2", /window of the typed text, 2 to 2, is empty/],
  ["text=ab&typed=5-2", /window of the typed text, 5 to 2, is empty/],
  [`text=${"x".repeat(40001)}`, /has 40001 characters; at most 40000 can be typed/],
]) {
  test(`fit leaves out and tells of ${behind.slice(0, 30)}`, () => {
    const { state: fitted, problems } = fitToDump(parseAddress(`?dump=u-1#${behind}`).values, about, defaults);
    assert.match(problems.join(), words);
    assert.equal(fitted.typed, null);
  });
}

test("of a brush on the corpus, one on a typed text and an opened pattern one is left", () => {
  const { state: fitted } = fitToDump(
    parseAddress("?dump=u-1&start=3&stop=5#text=ab&typed=0-1").values,
    about,
    defaults,
  );
  assert.deepEqual([fitted.start, fitted.typed], [3, null]);
});

test("what is held in a typed text is in the link, and what does not fit is left out", () => {
  const held = {
    ...state,
    start: null,
    stop: null,
    text: "a b c",
    was: "a d c",
    ablated: [
      { source: "rnn.l1.c", unit: 4 },
      { source: "rnn.l0.c", unit: 23 },
    ],
    ablatedTo: "zero",
    carried: { units: [{ source: "rnn.l0.c", unit: 7 }], start: 1, stop: 3 },
    influence: true,
  };
  const { values, problems } = parseAddress(formatAddress(held));
  assert.deepEqual(problems, []);
  assert.deepEqual(fitToDump(values, about, defaults), { state: held, problems: [] });
  for (const carry of ["3-1/rnn.l0.c/7", "1-3/rnn.l0.c", "1-3", "1/rnn.l0.c/7", "1-3/rnn.l0.c/x", "1-2-3/rnn.l0.c/7"])
    assert.match(parseAddress(`?carry=${encodeURIComponent(carry)}`).problems[0], /carry=.* is not tokens and units/);
  const wrong = fitToDump({ ...values, ablated: [{ source: "rnn.l0.c", unit: 50 }] }, about, defaults);
  assert.deepEqual([wrong.state.ablated, wrong.problems.length], [[], 1]);
  const alone = fitToDump({ ...values, was: null }, about, defaults).state;
  assert.deepEqual([alone.carried, alone.ablated.length], [null, 2]);
  assert.deepEqual(fitToDump({ ...values, text: null }, about, defaults).state.ablated, []);
});
