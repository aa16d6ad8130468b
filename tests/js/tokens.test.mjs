import assert from "node:assert/strict";
import test from "node:test";
import {
  fitText,
  joinedText,
  LONGEST,
  partsAround,
  sharedLead,
  showToken,
  showTokens,
  textAround,
} from "../../assets/page/lib/tokens.mjs";

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

for (const [pieces, join, tokens, whole, around] of [
  ["", " ", ["a", "cat", "ran", "home"], "a cat ran home", ["a ", "cat ran", " home"]],
  ["", "", ["c", "a", "t", "s"], "cats", ["c", "at", "s"]],
  ["prefix:##", " ", ["she", "play", "##ing", "##s"], "she playings", ["she ", "playing", "s"]],
  ["prefix:##", " ", ["play", "##ing", "it", "now"], "playing it now", ["play", "ing it", " now"]],
  ["suffix:@@", " ", ["play@@", "ing", "it", "now"], "playing it now", ["play", "ing it", " now"]],
  ["bytes", " ", ["She", " play", "ing", " it"], "She playing it", ["She ", "playing", " it"]],
  ["space:▁", " ", [" she", " play", "ing", " it"], "she playing it", ["she ", "playing", " it"]],
  ["end:</w>", " ", ["she ", "play", "ing ", "it "], "she playing it", ["she ", "playing", " it"]],
]) {
  test(`join ${tokens.join("|")} by "${pieces}"`, () => {
    assert.equal(joinedText(tokens, { join, pieces }), whole);
    assert.deepEqual(textAround(tokens, { join, pieces }, 1, 3), around);
  });
}

test("words that the model does not know are parts of their own, without the spaces about them", () => {
  const shown = showTokens(["the", "wombat", "saw", "a", "quokka"], [1, 4]);
  const axis = { join: " ", pieces: "" };
  const parts = partsAround(shown, axis, 1, 3).map((some) => some.map((one) => [one.text, Boolean(one.isUnknown)]));
  assert.deepEqual(parts, [
    [
      ["the", false],
      [" ", false],
    ],
    [
      ["wombat", true],
      [" ", false],
      ["saw", false],
    ],
    [
      [" ", false],
      ["a", false],
      [" ", false],
      ["quokka", true],
    ],
  ]);
});

test("what texts all begin with is left out up to a sign between words", () => {
  assert.equal(sharedLead(["2021-03-04 10:00:05", "2021-03-04 10:00:17"]), "2021-03-04 10:00:".length);
  assert.equal(sharedLead(["2021-03-04 10:00", "2021-03-05 10:00"]), "2021-03-".length);
  assert.equal(sharedLead(["singular", "since"]), 0);
  assert.equal(sharedLead(["a-b", "a-c"]), 0, "hardly any");
  assert.equal(sharedLead(["depth-1", "depth-1"]), 6);
  assert.equal(sharedLead(["only-one"]), 0);
  assert.equal(sharedLead(["step-", "step-1"]), 0, "nothing would be left of one");
});
