"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const keys = require("../../assets/keys.js");

const press = (key, more = {}) => Object.assign({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, preventDefault() {} }, more);

test("a key is what it says, with Ctrl, Alt and Shift before it", () => {
  assert.equal(keys.combination(press("ArrowLeft", { shiftKey: true })), "Shift+ArrowLeft");
  assert.equal(keys.combination(press("Z", { ctrlKey: true, shiftKey: true })), "Ctrl+Shift+z");
  assert.equal(keys.combination(press("z", { metaKey: true })), "Ctrl+z");
  assert.equal(keys.combination(press("?", { shiftKey: true })), "?"); // Shift is how it is typed
  assert.equal(keys.combination(press("P", { shiftKey: true })), "p");
  assert.equal(keys.combination(press("p", { altKey: true })), "Alt+p");
});

test("a key does one thing in a place, and nothing in another", () => {
  assert.equal(keys.named("page", press("ArrowLeft")), "left");
  assert.equal(keys.named("tokens", press("ArrowLeft", { shiftKey: true })), "shrink");
  assert.equal(keys.named("page", press("ArrowLeft", { ctrlKey: true })), null);
  let done = "";
  assert.equal(keys.act("chip", press("Delete"), { out: () => (done = "out") }), true);
  assert.equal(keys.act("chip", press("x"), {}), false);
  assert.equal(done, "out");
});

test("no place names a key twice", () => {
  for (const { place, keys: rows } of keys.TABLE) {
    const all = rows.flatMap(([, combinations]) => combinations);
    assert.equal(new Set(all).size, all.length, place);
  }
});

test("every place of the table is asked for by a handler, and no other is", () => {
  const folder = path.join(__dirname, "../../assets");
  const asked = new Set();
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    for (const [, place] of fs.readFileSync(path.join(folder, file), "utf8").matchAll(/keys(?:\.act|\.named)?\((?:\w+, )?"(\w+)"/g)) asked.add(place);
  }
  assert.deepEqual([...asked].sort(), keys.TABLE.map((part) => part.place).sort());
});

test("keys are shown as they stand on a keyboard", () => {
  assert.deepEqual(keys.shown("Ctrl+Shift+z"), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(keys.shown("+"), ["+"]);
  assert.deepEqual(keys.shown("Shift+ArrowLeft"), ["Shift", "←"]);
});
