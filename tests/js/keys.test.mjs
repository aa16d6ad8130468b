import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import { actOnKey, combination, KEY_TABLE, keyCaps, keyName } from "../../assets/page/lib/keys.mjs";

const press = (key, more = {}) =>
  Object.assign({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, preventDefault() {} }, more);

test("a key is what it says, with Ctrl, Alt and Shift before it", () => {
  assert.equal(combination(press("ArrowLeft", { shiftKey: true })), "Shift+ArrowLeft");
  assert.equal(combination(press("Z", { ctrlKey: true, shiftKey: true })), "Ctrl+Shift+z");
  assert.equal(combination(press("z", { metaKey: true })), "Ctrl+z");
  assert.equal(combination(press("?", { shiftKey: true })), "?"); // Shift is how it is typed
  assert.equal(combination(press("P", { shiftKey: true })), "p");
  assert.equal(combination(press("p", { altKey: true })), "Alt+p");
});

test("a key does one thing in a place, and nothing in another", () => {
  assert.equal(keyName("page", press("ArrowLeft")), "left");
  assert.equal(keyName("tokens", press("ArrowLeft", { shiftKey: true })), "shrink");
  assert.equal(keyName("page", press("ArrowLeft", { ctrlKey: true })), null);
  let done = "";
  assert.equal(actOnKey("chip", press("Delete"), { out: () => (done = "out") }), true);
  assert.equal(actOnKey("chip", press("x"), {}), false);
  assert.equal(done, "out");
});

test("no place names a key twice", () => {
  for (const { place, keys: rows } of KEY_TABLE) {
    const all = rows.flatMap(([, combinations]) => combinations);
    assert.equal(new Set(all).size, all.length, place);
  }
});

test("every place of the table is asked for by a handler, and no other is", () => {
  const folder = new URL("../../assets/page/", import.meta.url);
  const asked = new Set();
  for (const file of fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".mjs"))) {
    for (const [, place] of fs
      .readFileSync(new URL(file, folder), "utf8")
      .matchAll(/(?:ownKeys|actOnKey|keyName)\((?:\w+, )?"(\w+)"/g))
      asked.add(place);
  }
  assert.deepEqual([...asked].sort(), KEY_TABLE.map((part) => part.place).sort());
});

test("keys are shown as they stand on a keyboard", () => {
  assert.deepEqual(keyCaps("Ctrl+Shift+z"), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(keyCaps("+"), ["+"]);
  assert.deepEqual(keyCaps("Shift+ArrowLeft"), ["Shift", "←"]);
});
