import assert from "node:assert/strict";
import test from "node:test";
import { shortPattern, wholePattern } from "../../assets/page/lib/short-pattern.mjs";

const unit = (number, more = {}) => ({ source: "rnn.l1.c", unit: number, side: "high", threshold: 0.3, ...more });

/* A pattern file as the server writes it. */
function file(pattern = {}, notes = {}) {
  const whole = {
    format: "lstmviz-pattern",
    version: 1,
    pattern: {
      axis: "text",
      units: [15, 18, 45, 49].map((number) => unit(number)),
      bases: [{ source: "rnn.l1.c", threshold: 0.3 }],
      length: 6,
      off_before: 1,
      off_after: 0,
      min_length: 1,
      max_length: null,
      filters: [],
      ...pattern,
    },
    notes: { name: "", text: "", dump: "", hidden: [], marked: [], chosen_by: "", ...notes },
  };
  return JSON.stringify(whole, null, 1);
}

test("a pattern is a line, and the line is the pattern", () => {
  const short = shortPattern(file());
  assert.equal(short, "u:rnn.l1.c:high:0.3:15,18,45,49;length:6;off_before:1");
  assert.deepEqual(JSON.parse(wholePattern(short)), JSON.parse(file()));
});

test("nothing of any pattern is lost", () => {
  const odd = "a;b:c,d/é &#=%25";
  for (const text of [
    file({ units: [unit(3), unit(3, { side: "low", threshold: -0.25 }), unit(1, { source: odd, threshold: 1 / 3 })] }),
    file({ units: [], bases: [] }),
    file({
      bases: [
        { source: odd, threshold: 0.1 },
        { source: "x", threshold: 0.30000000000000004 },
      ],
    }),
    file({ axis: odd, max_length: 8, filters: [{ track: odd, labels: ["a", odd], low: null, high: 2 }] }),
    file({}, { name: odd, text: "line\nline", dump: "0123", hidden: [[1, 2]], marked: [[3, 4]], chosen_by: odd }),
  ]) {
    const short = shortPattern(text);
    assert.ok(!short.startsWith("{"), short);
    assert.deepEqual(JSON.parse(wholePattern(short)), JSON.parse(text));
  }
});

test("what a line cannot say stays as it is, and what is no line is told", () => {
  for (const text of [file({ more: 1 }), '{"pattern": {"units": []}}', "{", file({ units: [unit(1, { side: "up" })] })])
    assert.equal(wholePattern(shortPattern(text)), text);
  for (const line of [
    "3",
    "u:a:high:0.3",
    "u:a:up:0.3:1",
    "u:a:high:x:1",
    "u:a:high:0.3:1;n:nothing:3",
    "n:__proto__:3",
    "",
  ])
    assert.equal(wholePattern(line), null, line);
});

test("two hundred units take less than a kilobyte", () => {
  const units = Array.from({ length: 200 }, (_, k) => unit(k));
  assert.ok(shortPattern(file({ units })).length < 1000);
  assert.ok(file({ units }).length > 15_000);
});
