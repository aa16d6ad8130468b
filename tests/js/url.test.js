"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const { parse, format, key, fit, limits, MAX_WINDOW } = require("../../assets/url.js");

const state = { dump: "u-1", source: "rnn.l1.c", at: 2160, span: 60, start: 2175, stop: 2180, threshold: 0.3, before: 1, after: 0, rows: 50 };
const about = {
  uuid: "u-1",
  name: "parens",
  axes: [{ n_steps: 20000 }],
  sources: [{ name: "rnn.l0.c", axis: 0 }, { name: "rnn.l1.c", axis: 0 }],
};
const defaults = { source: "rnn.l1.c", at: 0, span: 60, start: null, stop: null, threshold: 0.3, before: 1, after: 0, rows: 50 };

test("a state and its query are the same thing", () => {
  assert.equal(format(state), "?dump=u-1&source=rnn.l1.c&at=2160&span=60&start=2175&stop=2180&t=0.3&before=1&after=0");
  const { values, problems } = parse(format(state));
  assert.deepEqual(problems, []);
  assert.deepEqual(fit(values, about, defaults), { state, problems: [] });
});

test("a state without a brush has none in its query", () => {
  const query = format({ ...state, start: null, stop: null });
  assert.doesNotMatch(query, /start|stop/);
  assert.equal(fit(parse(query).values, about, defaults).state.start, null);
});

test("odd names survive the query", () => {
  const odd = { ...state, source: "enc&oder #1.l0.h+ü" };
  assert.equal(parse(format(odd)).values.source, odd.source);
});

test("a threshold keeps every digit", () => {
  for (const threshold of [0.305, -0.1, 0.1 + 0.2, 1e-7]) {
    assert.equal(parse(format({ ...state, threshold })).values.threshold, threshold);
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
    const { values, problems } = parse(query);
    assert.deepEqual(values, {});
    assert.equal(problems.length, 1);
    assert.match(problems[0], words);
  });
}

for (const [values, words] of [
  [{ source: "rnn.l9.c" }, /no source rnn.l9.c in parens; it has rnn.l0.c, rnn.l1.c/],
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
    const { state: fitted, problems } = fit(values, about, defaults);
    assert.equal(problems.length, 1);
    assert.match(problems[0], words);
    assert.equal(fitted.start, null);
    assert.ok(fitted.at + fitted.span <= 20000);
    assert.ok(about.sources.some((source) => source.name === fitted.source));
  });
}

test("fit shrinks the view to a short dump", () => {
  const short = { ...about, axes: [{ n_steps: 5 }] };
  const { state: fitted } = fit({ at: 3, span: 60 }, short, defaults);
  assert.deepEqual([fitted.at, fitted.span], [0, 5]);
});

test("rows are in the query where they are not the usual fifty, and survive it", () => {
  assert.doesNotMatch(format(state), /rows/);
  const { values } = parse(format({ ...state, rows: 150 }));
  assert.equal(fit(values, about, defaults).state.rows, 150);
});

test("a view and a window hold what fits into memory", () => {
  assert.deepEqual(limits({ n_units: 650, dtype: "float32" }), { span: 800, window: MAX_WINDOW });
  const wide = { n_units: 100000, dtype: "float64" };
  assert.ok(limits(wide).span * 800000 <= 64 * 2 ** 20);
  const broad = { ...about, sources: [{ name: "x", axis: 0, ...wide }] };
  const { state: fitted, problems } = fit({ span: 400 }, broad, { ...defaults, source: "x" });
  assert.equal(fitted.span, limits(wide).span);
  assert.match(problems[0], /span=400 is more than/);
  assert.match(fit({ start: 0, stop: 100 }, broad, { ...defaults, source: "x" }).problems[0], /at most/);
});

test("one step is not several", () => {
  const one = { ...about, name: "single", axes: [{ n_steps: 1 }] };
  assert.match(fit({ at: 3 }, one, defaults).problems[0], /single has 1 step$/);
});

test("the key changes with the question, not with the view", () => {
  assert.equal(key(state), key({ ...state, at: 0, span: 10 }));
  for (const change of [{ start: 2174 }, { threshold: 0.31 }, { before: 0 }, { rows: 100 }, { dump: "u-2" }]) {
    assert.notEqual(key(state), key({ ...state, ...change }));
  }
});

test("an opened pattern travels behind the #, whole, and takes the place of a brush", () => {
  const text = JSON.stringify({ pattern: { units: [{ source: "a&b#c", unit: 3 }] }, note: "ünïcode %41 +" });
  const about = { uuid: "u", name: "n", sources: [{ name: "s", axis: 0, n_units: 2, dtype: "float16" }], axes: [{ n_steps: 100 }] };
  const defaults = { source: "s", at: 0, span: 60, start: null, stop: null, threshold: 0.3, before: 1, after: 0, pattern: null, rows: 50 };
  const state = Object.assign({}, defaults, { dump: "u", pattern: text });
  const address = format(state);
  assert.ok(address.indexOf("#") > 0 && !address.split("#")[0].includes("unit"));
  const { values, problems } = parse(address + "");
  assert.deepEqual(problems, []);
  assert.equal(values.pattern, text);
  const fitted = fit(Object.assign({}, values, { start: 3, stop: 5 }), about, defaults).state;
  assert.deepEqual([fitted.pattern, fitted.start, fitted.stop], [text, null, null]);
  assert.notEqual(key(state), key(defaults));
});
