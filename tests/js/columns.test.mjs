import assert from "node:assert/strict";
import test from "node:test";
import { columnLayout, usedCells } from "../../assets/page/lib/columns.mjs";

const tracks = (n) => Array.from({ length: n }, (_, k) => ({ name: `t${k}` }));
const asked = { width: 1400, used: [0, 40], before: 5, nUnits: 4, isChars: true, hasTokens: true, tracks: tracks(2) };

function row(from, to, n = 40) {
  return { on: Array.from({ length: n }, (_, k) => (k >= from && k < to ? 1 : null)) };
}

test("the cells in use are those that any row fills", () => {
  assert.deepEqual(usedCells([row(5, 9), row(3, 7)]), [3, 9]);
  assert.deepEqual(usedCells([row(0, 40)]), [0, 40]);
  assert.deepEqual(usedCells([row(0, 0)]), [0, 40]);
});

test("columns follow each other inside the width, at every width and number of tracks", () => {
  for (const width of [724, 764, 988, 1244, 1404, 2500])
    for (const n of [0, 1, 2, 25])
      for (const range of [
        [0, 40],
        [5, 6],
        [2, 9],
      ])
        for (const more of [{}, { isChars: false }, { hasTokens: false }, { nUnits: 2000 }]) {
          const { list, hidden } = columnLayout({ ...asked, width, used: range, tracks: tracks(n), ...more });
          let x = 0;
          for (const column of list) {
            assert.ok(column.left >= x, `${column.name} at ${column.left} after ${x}`);
            assert.ok(column.width > 0);
            assert.ok(
              column.kind === "shared" ||
                (column.from >= range[0] && column.from + column.n <= range[1] && column.n > 0),
            );
            x = column.left + column.width;
          }
          assert.ok(x <= width + 1, `${x} in ${width}`);
          assert.equal(list.filter((column) => column.kind === "track").length + hidden.length, n);
        }
});

test("the number of shared units has its own column, as wide as its digits", () => {
  const { list } = columnLayout({ ...asked, nUnits: 1043 });
  assert.equal(list[0].kind, "shared");
  assert.ok(list[0].width >= "1043/1043".length * 6);
  assert.ok(columnLayout(asked).list[0].width < list[0].width);
});

test("short sequences leave no gap between tokens and heatmaps, and make room for more of these", () => {
  const { list, hidden } = columnLayout({ ...asked, used: [5, 9], tracks: tracks(6) });
  const text = list.find((column) => column.kind === "text");
  const on = list.find((column) => column.kind === "on");
  assert.ok(on.left - (text.left + text.width) < 60);
  assert.deepEqual(hidden, []);
});

test("without tokens the matched units take their place, wide", () => {
  const { list } = columnLayout({ ...asked, hasTokens: false, tracks: [] });
  assert.deepEqual(
    list.map((column) => column.kind),
    ["shared", "on"],
  );
  assert.ok(list[1].width > 1000);
});

test("where room is short, little of what was before a match is kept", () => {
  const text = columnLayout({ ...asked, width: 760 }).list.find((column) => column.kind === "text");
  assert.equal(text.from, 2);
});

test("words have room for twenty before heatmaps have more than they must", () => {
  const kinds = (more) => columnLayout({ ...asked, used: [0, 48], isChars: false, ...more }).list;
  const widthOf = (list) => list.find((column) => column.kind === "text").width;
  assert.ok(widthOf(kinds({ width: 1077, tracks: [] })) >= 20 * 36); // beside the cards at 1440
  assert.ok(widthOf(kinds({ width: 917, tracks: [] })) > 580); // at 1280
  assert.equal(kinds({ width: 1077 }).filter((column) => column.kind === "track").length, 0);
});

test("where room is short, words leave out the heatmap that says what their colours say", () => {
  const isInColours = (column) => column.kind === "on";
  const kinds = (more) =>
    columnLayout({ ...asked, used: [0, 48], isChars: false, isInColours, ...more }).list.map(({ kind }) => kind);
  assert.deepEqual(kinds({ width: 1077 }), ["shared", "text", "track"]);
  assert.deepEqual(kinds({ width: 2500 }), ["shared", "text", "on", "track", "track"]);
  assert.deepEqual(kinds({ width: 1077, tracks: [] }), ["shared", "text", "on"]);
  assert.deepEqual(kinds({ width: 1077, isInColours: (column) => column.kind === "track" }), ["shared", "text", "on"]);
  assert.ok(kinds({ width: 1077, isChars: true }).includes("on"));
});

test("where room is short, words are written narrower until twenty are in view, and before that heatmaps make way", () => {
  const asks = { used: [0, 48], isChars: false, word: 30 };
  const text = (width, more) =>
    columnLayout({ ...asked, ...asks, width, ...more }).list.find((column) => column.kind === "text");
  for (const width of [700, 764, 917, 1077, 1500]) {
    const { width: wide, narrow } = text(width);
    assert.ok(wide / (30 * narrow + 4) >= 20, `${wide} px in ${width}`);
    assert.ok(narrow >= 0.72 && narrow <= 1);
  }
  assert.equal(text(1500).narrow, 1);
  assert.ok(text(764, { nTokens: 8 }).narrow > text(764).narrow);
  assert.equal(
    columnLayout({ ...asked, ...asks, width: 716 }).list.some((column) => column.kind === "track"),
    false,
  );
});
