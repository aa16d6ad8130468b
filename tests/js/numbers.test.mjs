import assert from "node:assert";
import test from "node:test";
import { nBytes, readNumbers } from "../../assets/page/lib/numbers.mjs";

function halves(...bits) {
  return Array.from(readNumbers(Uint16Array.from(bits).buffer, 2));
}

test("numbers of two bytes are read exactly", () => {
  assert.deepEqual(halves(0x0000, 0x3c00, 0xbc00, 0x3555, 0x7bff, 0x0400), [0, 1, -1, 0.333251953125, 65504, 2 ** -14]);
  assert.deepEqual(halves(0x0001, 0x8001, 0x03ff), [2 ** -24, -(2 ** -24), 1023 * 2 ** -24]); // below the least normal one
  assert.ok(Object.is(halves(0x8000)[0], -0));
});

test("what is no number stays none, and what is infinite stays so", () => {
  const [a, b, c] = halves(0x7e00, 0x7c00, 0xfc00);
  assert.ok(Number.isNaN(a));
  assert.deepEqual([b, c], [Infinity, -Infinity]);
});

test("every number of two bytes is in order of its bits", () => {
  const values = halves(...Array.from({ length: 0x7c01 }, (_, k) => k));
  assert.ok(values.every((value, k) => k === 0 || value > values[k - 1]));
});

test("numbers of four and eight bytes are taken as they come", () => {
  assert.deepEqual(Array.from(readNumbers(Float32Array.of(0.5, -2).buffer, 4)), [0.5, -2]);
  assert.deepEqual(Array.from(readNumbers(Float64Array.of(0.1).buffer, 8)), [0.1]);
  assert.deepEqual(["float16", "float32", "float64"].map(nBytes), [2, 4, 8]);
});
