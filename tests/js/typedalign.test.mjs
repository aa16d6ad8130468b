import assert from "node:assert/strict";
import test from "node:test";
import {
  alignTokens,
  changeByToken,
  isEdit,
  mostChangedUnits,
  movedWindow,
} from "../../assets/page/lib/token-align.mjs";

const words = (text) => (text ? text.split(" ") : []);
const told = (before, after) => {
  const { pairs, kinds, gone } = alignTokens(words(before), words(after));
  return { pairs: Array.from(pairs), kinds, gone };
};

test("texts that are the same are paired token by token", () => {
  assert.deepEqual(told("a b c", "a b c"), { pairs: [0, 1, 2], kinds: ["same", "same", "same"], gone: [] });
  assert.deepEqual(told("", ""), { pairs: [], kinds: [], gone: [] });
});

test("a token in the place of another is changed, what follows stays paired", () => {
  assert.deepEqual(told("the keys are old", "the key is old"), {
    pairs: [0, 1, 2, 3],
    kinds: ["same", "changed", "changed", "same"],
    gone: [],
  });
});

test("tokens put in are new, and the rest moves along", () => {
  assert.deepEqual(told("the keys old", "the two keys are old"), {
    pairs: [0, -1, 1, -1, 2],
    kinds: ["same", "new", "same", "new", "same"],
    gone: [],
  });
  assert.deepEqual(told("", "a b"), { pairs: [-1, -1], kinds: ["new", "new"], gone: [] });
});

test("tokens taken out are told with the place at which they stood", () => {
  assert.deepEqual(told("a b c d", "a d"), { pairs: [0, 3], kinds: ["same", "same"], gone: [[1, [1, 2]]] });
  assert.deepEqual(told("a b", ""), { pairs: [], kinds: [], gone: [[0, [0, 1]]] });
  assert.deepEqual(told("a b c d e", "a x e"), {
    pairs: [0, 1, 4],
    kinds: ["same", "changed", "same"],
    gone: [[2, [2, 3]]],
  });
});

/* The length of a longest common subsequence, as the book has it. */
function longest(a, b) {
  if (!a.length || !b.length) return 0;
  return a[0] === b[0] ? 1 + longest(a.slice(1), b.slice(1)) : Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
}

test("as many tokens stay the same as can, each token is told once, and pairs rise", () => {
  let seed = 7;
  const random = (n) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let turn = 0; turn < 300; turn++) {
    const [before, after] = [0, 1].map(() => Array.from({ length: random(8) }, () => "abc"[random(3)]));
    const { pairs, kinds, gone } = alignTokens(before, after);
    assert.equal(kinds.filter((kind) => kind === "same").length, longest(before, after), `${before} | ${after}`);
    const paired = Array.from(pairs).filter((place) => place >= 0);
    assert.deepEqual(
      paired,
      [...paired].sort((a, b) => a - b),
    );
    assert.deepEqual(
      [...paired, ...gone.flatMap(([, places]) => places)].sort((a, b) => a - b),
      before.map((_, k) => k),
    );
    after.forEach((token, k) => {
      assert.equal(kinds[k] === "new", pairs[k] < 0);
      if (kinds[k] !== "new") assert.equal(kinds[k] === "same", before[pairs[k]] === token);
    });
    gone.forEach(([place]) => assert.ok(place >= 0 && place <= after.length));
  }
});

test("two long texts that share nothing are aligned at once", () => {
  const [before, after] = ["a", "b"].map((letter) => Array.from({ length: 2000 }, (_, k) => letter + k));
  const began = performance.now();
  const { kinds } = alignTokens(before, after);
  assert.ok(kinds.every((kind) => kind === "changed"));
  assert.ok(performance.now() - began < 5000);
});

test("a window goes along with its tokens, and is lost with them", () => {
  const of = (before, after, start, stop) => movedWindow(alignTokens(words(before), words(after)), start, stop);
  assert.deepEqual(of("a b c d", "x a b c d", 1, 3), [2, 4]);
  assert.deepEqual(of("a b c d", "a b x c d", 1, 3), [1, 4]);
  assert.deepEqual(of("a b c d", "a c d", 1, 3), [1, 2]);
  assert.deepEqual(of("a b c d", "a x d", 1, 3), [1, 2]);
  assert.equal(of("a b c d", "a d", 1, 3), null);
});

test("change is the mean distance in the view, and NaN where there is nothing to compare", () => {
  const alignment = alignTokens(words("a b"), words("a x b"));
  const before = [
    [0, 1],
    [1, 1],
  ];
  const after = [
    [0.5, 1],
    [9, 9],
    [1, NaN],
  ];
  const found = (units, isTanh) =>
    Array.from(
      changeByToken(
        alignment,
        (k) => before[k],
        (k) => after[k],
        units,
        isTanh,
      ),
    );
  assert.deepEqual(found([0, 1], false), [0.25, NaN, NaN]);
  assert.deepEqual(found([0], false), [0.5, NaN, 0]);
  assert.deepEqual(found([0], true)[0], Math.tanh(0.5));
  assert.deepEqual(found([], false), [NaN, NaN, NaN]);
  assert.deepEqual(
    mostChangedUnits(
      alignment,
      (k) => before[k],
      (k) => after[k],
      2,
      false,
      3,
    ),
    [0],
  );
  assert.deepEqual(
    mostChangedUnits(
      alignment,
      (k) => before[k],
      (k) => before[k] || before[1],
      2,
      false,
      3,
    ),
    [],
  );
});

test("writing on is no edit, nor is taking back from the end", () => {
  assert.equal(isEdit("the keys", "the keys are"), false);
  assert.equal(isEdit("the keys", "the key"), false);
  assert.equal(isEdit("the keys", "the key are"), true);
  assert.equal(isEdit("the keys", "a keys"), true);
});
