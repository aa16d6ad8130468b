/* Where on a map the names of its colours stand: at the densest places of each label. Pure. */

import { NAMED_LABELS } from "./map-colours.mjs";

const CELLS = 28; // of the map's longer side
const APART = 6; // cells between two names of one label
const LEAST = 0.35; // share of the densest place's points that a further one must have
const MOST = 3; // names of one label
const FEW = 0.004; // share of all points that a place must have to be named at all

/**
 * The group of each point (-1: none) and its name, for colours that have few different values; null where they have many.
 * @param {{ kind: string, slot: Int16Array, legend?: { slot: number, label: string | null }[] }} coloured
 * @param {Floats} values
 * @param {(value: number) => string} text of a number
 */
export function colourGroups(coloured, values, text) {
  if (coloured.kind === "category") {
    const names = coloured.legend.filter((one) => one.label !== null).map((one) => one.label);
    return { names, group: coloured.slot.map((slot) => (slot < names.length ? slot : -1)) };
  }
  const /** @type {Map<number, number>} */ known = new Map();
  for (const value of values) {
    if (Number.isNaN(value) || known.has(value)) continue;
    if (known.size === NAMED_LABELS) return null;
    known.set(value, 0);
  }
  const every = [...known.keys()].sort((a, b) => a - b);
  every.forEach((value, k) => known.set(value, k));
  return {
    names: every.map(text),
    group: Int16Array.from(values, (value) => (Number.isNaN(value) ? -1 : known.get(value))),
  };
}

/**
 * The densest places of each group: {group, x, y, n}, in the map's own coordinates, those of most points first.
 * @param {Floats} points x and y in turn
 * @param {Int16Array} group of each point
 * @param {number} nGroups
 */
export function clusterPlaces(points, group, nGroups) {
  const grid = gridOf(points);
  const cells = Array.from({ length: nGroups }, () => new Map());
  group.forEach((one, k) => {
    if (one < 0 || !Number.isFinite(points[2 * k])) return;
    const at = grid.cell(points[2 * k], points[2 * k + 1]);
    const cell = cells[one].get(at) || { at, n: 0, x: 0, y: 0 };
    cell.n++;
    cell.x += points[2 * k];
    cell.y += points[2 * k + 1];
    cells[one].set(at, cell);
  });
  const least = Math.max(2, FEW * group.length);
  return cells.flatMap((own, one) => places(own, grid.across, one, least)).sort((a, b) => b.n - a.n);
}

/**
 * @param {Map<number, { at: number, n: number, x: number, y: number }>} cells
 * @param {number} across
 * @param {number} group
 * @param {number} least
 */
function places(cells, across, group, least) {
  const dense = [...cells.values()].map((cell) => around(cells, cell, across)).sort((a, b) => b.n - a.n);
  const /** @type {{ group: number, x: number, y: number, n: number }[]} */ chosen = [];
  const /** @type {number[]} */ taken = [];
  for (const { at, n, x, y } of dense) {
    if (chosen.length === MOST || n < Math.max(least, LEAST * dense[0].n)) break;
    const isNear = taken.some((other) => distance(at, other, across) < APART);
    if (isNear) continue;
    taken.push(at);
    chosen.push({ group, x, y, n });
  }
  return chosen;
}

/**
 * A cell with those that touch it: how many points, and their middle.
 * @param {Map<number, { at: number, n: number, x: number, y: number }>} cells
 * @param {{ at: number }} cell
 * @param {number} across
 */
function around(cells, { at }, across) {
  let [n, x, y] = [0, 0, 0];
  for (const down of [-across, 0, across])
    for (const side of [-1, 0, 1]) {
      const one = cells.get(at + down + side);
      if (!one) continue;
      n += one.n;
      x += one.x;
      y += one.y;
    }
  return { at, n, x: x / n, y: y / n };
}

/**
 * @param {number} one
 * @param {number} other
 * @param {number} across
 */
function distance(one, other, across) {
  return Math.hypot((one % across) - (other % across), Math.floor(one / across) - Math.floor(other / across));
}

/** @param {Floats} points */
function gridOf(points) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let k = 0; k < points.length; k += 2) {
    [left, right] = [Math.min(left, points[k]), Math.max(right, points[k])];
    [low, high] = [Math.min(low, points[k + 1]), Math.max(high, points[k + 1])];
  }
  const size = Math.max(right - left, high - low) / CELLS || 1;
  const across = CELLS + 3; // with an empty cell on either side, so that rows do not touch
  return {
    across,
    /**
     * @param {number} x
     * @param {number} y
     */
    cell: (x, y) => (1 + Math.floor((y - low) / size)) * across + 1 + Math.floor((x - left) / size),
  };
}
