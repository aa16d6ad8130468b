import assert from "node:assert/strict";
import test from "node:test";
import { fitText, LONGEST, showToken } from "../../assets/page/lib/tokens.mjs";

for (const [token, text, kind] of [
  ["king", "king", "plain"],
  ["(", "(", "plain"],
  ["<script>alert(1)</script>", "<script>alert(1)</script>", "plain"],
  ["javascript:alert(1)", "javascript:alert(1)", "plain"],
  ["", "∅", "empty"],
  [" ", "␣", "space"],
  ["   ", "␣␣␣", "space"],
  [" the", " the", "plain"],
  ["New York", "New York", "plain"],
  ["\n", "⏎", "escaped"],
  ["a\tb", "a⇥b", "escaped"],
  ["\r\n", "␍⏎", "escaped"],
  ["\u0000", "\\x00", "escaped"],
  ["\u001b[31m", "\\x1b[31m", "escaped"],
  ["\u0085", "\\x85", "escaped"],
  ["a\u200bb", "a\\u200bb", "escaped"],
  ["\u202eabc", "\\u202eabc", "escaped"],
  ["\ufeff", "\\ufeff", "escaped"],
  ["\u00a0", "\\xa0", "escaped"],
  ["\u2028", "\\u2028", "escaped"],
  ["\u00ad", "\\xad", "escaped"],
  ["\ud800", "\\ud800", "escaped"],
  ["\u{e0041}", "\\u{e0041}", "escaped"],
  ["a\u0301", "a\u0301", "plain"],
  ["\u0301", "◌\u0301", "plain"],
  ["שלום", "שלום", "plain"],
  ["日本語", "日本語", "plain"],
  ["👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", "plain"],
  ["a\u200db", "a\\u200db", "escaped"],
  [null, "", "missing"],
]) {
  test(`show ${JSON.stringify(token)}`, () => assert.deepEqual(showToken(token), { text, kind }));
}

test("a very long token is cut, and costs little", () => {
  const shown = showToken("x".repeat(1_000_000));
  assert.equal(shown.text, `${"x".repeat(LONGEST)}…`);
  assert.equal(showToken("y".repeat(LONGEST)).text, "y".repeat(LONGEST));
});

test("a cut never splits a character of two code units", () => {
  const shown = showToken("😀".repeat(2 * LONGEST));
  assert.equal(Array.from(shown.text).length, LONGEST + 1);
  assert.doesNotMatch(shown.text, /[\ud800-\udbff](?![\udc00-\udfff])/);
});

test("fit cuts to the room there is", () => {
  const width = (text) => Array.from(text).length;
  assert.equal(fitText("king", 4, width), "king");
  assert.equal(fitText("kings", 4, width), "kin…");
  assert.equal(fitText("kings", 1, width), "…");
  assert.equal(fitText("kings", 0.5, width), "");
  assert.equal(fitText("😀😀😀😀", 3, width), "😀😀…");
});
