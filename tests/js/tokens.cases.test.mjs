"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const { show } = require("../../assets/tokens.js");
const cases = require("../cases/tokens.json"); // shared with tests/figures/test_text.py

for (const { token, shown } of cases) {
  test(`show ${JSON.stringify(token).slice(0, 40)} as the figures do`, () => assert.equal(show(token).text, shown));
}
