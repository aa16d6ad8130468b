import assert from "node:assert/strict";
import test from "node:test";
import { lookAgain, stateTileLength, TILE_ROOM, Tiles } from "../../assets/page/store/data.mjs";

globalThis.window = { requestAnimationFrame: () => {} }; // a tile that came asks for a redraw

const arrived = () => new Promise((resolve) => setTimeout(resolve, 0));

function made(bytes) {
  const loads = [];
  const load = async (first, stop) => {
    loads.push(first);
    return { first, stop };
  };
  return { loads, tiles: new Tiles(10, 1000, load, () => bytes) };
}

test("what one look needs is never dropped, however much it is", async () => {
  const { loads, tiles } = made(TILE_ROOM / 3); // five of them are more than there is room for
  lookAgain();
  assert.equal(tiles.need(0, 50), false);
  await arrived();
  lookAgain();
  assert.equal(tiles.need(0, 50), true);
  assert.equal(loads.length, 5);
});

test("what nobody needs any more goes first", async () => {
  const { loads, tiles } = made(TILE_ROOM / 3);
  for (const at of [0, 100, 200, 300]) {
    lookAgain();
    tiles.need(at, at + 10);
    await arrived();
  }
  assert.equal(tiles.at(0), null);
  assert.deepEqual(tiles.at(300), { first: 300, stop: 310 });
  lookAgain();
  tiles.need(0, 10);
  assert.deepEqual(loads, [0, 100, 200, 300, 0]);
});

test("a tile only hoped for gives way to one that is needed", async () => {
  const { tiles } = made(TILE_ROOM / 2);
  lookAgain();
  tiles.need(0, 10);
  tiles.need(10, 20, true);
  await arrived();
  tiles.need(20, 30);
  await arrived();
  assert.ok(tiles.at(0) && tiles.at(20));
  assert.equal(tiles.at(10), null);
});

test("wide sources come in fewer steps a request", () => {
  assert.equal(stateTileLength({ n_units: 650, dtype: "float16" }), 128);
  assert.equal(stateTileLength({ n_units: 2000, dtype: "float16" }), 64);
  assert.equal(stateTileLength({ n_units: 2000, dtype: "float32" }), 32);
  assert.equal(stateTileLength({ n_units: 1e8, dtype: "float64" }), 1);
});
