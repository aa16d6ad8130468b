import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import { showToken } from "../../assets/page/lib/tokens.mjs";

const cases = JSON.parse(fs.readFileSync(new URL("../cases/tokens.json", import.meta.url), "utf8")); // shared with tests/figures/test_text.py

for (const { token, shown } of cases) {
  test(`show ${JSON.stringify(token).slice(0, 40)} as the figures do`, () =>
    assert.equal(showToken(token).text, shown));
}
