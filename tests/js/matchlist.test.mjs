import assert from "node:assert/strict";
import test from "node:test";
import {
  BLOCK,
  blocksAround,
  blocksOf,
  createMatchList,
  GROUP_HEIGHT,
  itemAt,
  ROW_HEIGHT,
} from "../../assets/page/lib/match-list.mjs";

const rows = (from, to) => Array.from({ length: to - from }, (_, k) => ({ start: from + k, is: from + k }));
const all = () => true;
const answer = (from, to, more) => ({
  offset: from,
  rows: rows(from, to),
  groups: [],
  n_groups: 0,
  n_listed: null,
  ...more,
});
const places = (items) => items.filter((item) => item.kind === "row").map((item) => item.place);

test("no row is asked for beyond the last once it is known how many there are", () => {
  const one = createMatchList();
  one.put(answer(0, 50), 50);
  const before = one.version();
  assert.equal(one.total(), null);
  one.setTotal(50);
  assert.equal(one.laid(all).next, null);
  assert.notEqual(one.version(), before);
  one.setTotal(60);
  assert.equal(one.laid(all).next, 50);
});

test("rows are asked for page by page until a page comes short", () => {
  const one = createMatchList();
  one.put(answer(0, 50), 50);
  assert.equal(one.laid(all).next, 50);
  one.put(answer(50, 100), 50);
  assert.equal(one.laid(all).next, 100);
  one.put(answer(100, 120), 50);
  const { items, next, height } = one.laid(all);
  assert.equal(next, null);
  assert.deepEqual(
    places(items),
    Array.from({ length: 120 }, (_, k) => k),
  );
  assert.equal(height, 120 * ROW_HEIGHT);
  assert.deepEqual(
    one.rows().map((row) => row.is),
    places(items),
  );
});

test("where the number of rows is known none is asked for past it", () => {
  const one = createMatchList();
  one.put(answer(0, 50, { n_listed: 50 }), 50);
  assert.equal(one.laid(all).next, null);
  const none = createMatchList();
  none.put(answer(0, 0, { n_listed: 0 }), 50);
  assert.deepEqual(none.laid(all), { items: [], height: 0, next: null });
});

test("hidden rows are left out and take no room", () => {
  const one = createMatchList();
  one.put(answer(0, 10, { n_listed: 10 }), 50);
  const { items, height } = one.laid((row) => row.is % 2 === 0);
  assert.deepEqual(places(items), [0, 2, 4, 6, 8]);
  assert.equal(height, 5 * ROW_HEIGHT);
});

const GROUPS = [
  { index: 0, name: "0", n: 60, first: 0 },
  { index: 1, name: "1", n: 5, first: 60 },
  { index: 2, name: "2", n: 40, first: 65 },
];
const grouped = (from, to) => answer(from, to, { groups: GROUPS, n_groups: 3, n_listed: 105 });

test("group headings stand before their rows, and the next rows are those of an open group", () => {
  const one = createMatchList();
  one.put(grouped(0, 50), 50);
  let laid = one.laid(all);
  assert.equal(laid.next, 50);
  assert.equal(laid.items[0].group.name, "0");
  assert.equal(laid.items.length, 51);
  one.fold(0, true); // what is folded need not be here
  laid = one.laid(all);
  assert.equal(laid.next, 60);
  assert.deepEqual(
    laid.items.map((item) => item.kind),
    ["group", "group"],
  );
  one.put(grouped(60, 105), 50);
  laid = one.laid(all);
  assert.equal(laid.next, null);
  assert.deepEqual(laid.items.map((item) => item.group?.n).filter(Boolean), [60, 5, 40]);
  assert.equal(laid.height, 3 * GROUP_HEIGHT + 45 * ROW_HEIGHT);
  one.foldAll(true);
  assert.equal(one.laid(all).height, 3 * GROUP_HEIGHT);
  assert.equal(one.laid(all).next, null);
  one.foldAll(false);
  assert.equal(one.laid(all).next, 50);
});

test("a group that nobody has described yet is asked for with its rows", () => {
  const one = createMatchList();
  one.put(answer(0, 5, { groups: GROUPS.slice(0, 1).map((g) => ({ ...g, n: 5 })), n_groups: 3, n_listed: 20 }), 5);
  assert.equal(one.laid(all).next, 5);
});

test("blocks follow each other without a gap, and those about the window are found", () => {
  const one = createMatchList();
  one.put(answer(0, 10 * BLOCK, { n_listed: 10 * BLOCK }), 10 * BLOCK);
  const found = blocksOf(one.laid(all).items);
  assert.equal(found.length, 10);
  found.slice(1).forEach((block, k) => assert.equal(block.top, found[k].top + found[k].height));
  assert.deepEqual(blocksAround(found, 0, 900), [0, 3]);
  assert.deepEqual(blocksAround(found, 3 * BLOCK * ROW_HEIGHT, 3 * BLOCK * ROW_HEIGHT + 10), [2, 5]);
  assert.deepEqual(blocksAround(found, 1e6, 1e6 + 900), [9, 10]);
  assert.equal(itemAt(found[2], ROW_HEIGHT + 1).place, 2 * BLOCK + 1);
  assert.equal(itemAt(found[2], 1e5), null);
});
