"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
globalThis.window = undefined;
const plane = require("../../assets/mapplane.js");
const { coloured, ofCounts, NAMED, STEPS } = require("../../assets/mapcolour.js");
const url = require("../../assets/url.js");
const { BASE, FIELDS } = require("../../assets/urlfields.js");

const near = (one, other) => one.forEach((value, k) => assert.ok(Math.abs(value - other[k]) < 1e-9, `${one} is not ${other}`));

test("all points are in view, in the middle, both axes alike", () => {
  for (const [wide, tall] of [[800, 300], [300, 800]]) {
    const map = { low: [-4, -1], high: [2, 5] };
    const view = plane.whole(map, wide, tall);
    const [left, bottom] = plane.screen(view, ...map.low);
    const [right, top] = plane.screen(view, ...map.high);
    assert.ok(left >= 0 && right <= wide && top >= 0 && bottom <= tall);
    near([(left + right) / 2, (top + bottom) / 2], [wide / 2, tall / 2]);
    near([right - left], [bottom - top]);
  }
});

test("one point alone stands in the middle", () => {
  near(plane.screen(plane.whole({ low: [3, 3], high: [3, 3] }, 200, 100), 3, 3), [100, 50]);
});

test("the screen and the plane are each other's inverse, and zooming keeps the place under the pointer", () => {
  const view = plane.whole({ low: [0, 0], high: [10, 10] }, 400, 400);
  near(plane.plane(view, ...plane.screen(view, 2.5, 7)), [2.5, 7]);
  const before = plane.plane(view, 120, 310);
  const closer = plane.zoomed(view, 3, 120, 310, view.scale);
  near(plane.plane(closer, 120, 310), before);
  near([closer.scale], [view.scale * 3]);
  assert.equal(plane.zoomed(view, 1e9, 0, 0, view.scale).scale, view.scale * 400);
  assert.equal(plane.zoomed(view, 1e-9, 0, 0, view.scale).scale, view.scale * 0.5);
});

test("the nearest point is the nearest on the screen, within reach", () => {
  const points = Float32Array.from([0, 0, 1, 0, 5, 5]);
  const view = { scale: 10, x: 0, y: 0 };
  assert.equal(plane.nearest(points, view, 6, 0, 9), 1);
  assert.equal(plane.nearest(points, view, 4, 0, 9), 0);
  assert.equal(plane.nearest(points, view, 30, -30, 9), -1);
});

test("a point is inside where the corners go around it", () => {
  const points = Float32Array.from([0.5, 0.5, 1.5, 0.5, 0.5, 1.5, -0.5, 0.2]);
  const square = [[0, 0], [1, 0], [1, 1], [0, 1]];
  assert.deepEqual([...plane.inside(points, square)], [1, 0, 0, 0]);
  assert.deepEqual([...plane.inside(points, [...square].reverse())], [1, 0, 0, 0]);
  const horseshoe = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]];
  assert.deepEqual([...plane.inside(Float32Array.from([0.5, 2, 1.5, 2, 2.5, 2]), horseshoe)], [1, 0, 1]);
});

test("a drawn line is told with few corners that hold the same points", () => {
  const drawn = Array.from({ length: 700 }, (_, k) => {
    const turn = (2 * Math.PI * k) / 700;
    return [Math.cos(turn) * (1 + 0.2 * Math.sin(9 * turn)), Math.sin(turn)];
  });
  const few = plane.simplified(drawn, 300);
  assert.ok(few.length >= 3 && few.length <= plane.MOST, few.length);
  const points = Float32Array.from({ length: 4000 }, (_, k) => Math.sin(k * 12.9898) * 1.4);
  const [one, other] = [plane.inside(points, drawn), plane.inside(points, few)];
  assert.ok(one.filter((is, k) => is !== other[k]).length < 40);
});

test("a press that slipped is no region", () => {
  assert.equal(plane.isArea([[0, 0], [0.1, 0], [0.1, 0.1]], 10), false);
  assert.equal(plane.isArea([[0, 0], [5, 0], [5, 0]], 10), false);
  assert.equal(plane.isArea([[0, 0], [5, 0], [5, 5]], 10), true);
});

test("the most frequent labels have a colour each, in their own order; the others share one", () => {
  const labels = Array.from({ length: 14 }, (_, k) => `l${k}`);
  const values = labels.flatMap((_, k) => Array.from({ length: k + 1 }, () => k));
  const { legend, slot, none } = coloured(Float32Array.from([...values, NaN]), { kind: "category", labels });
  assert.equal(none, 1);
  assert.equal(slot.at(-1), -1);
  assert.deepEqual(legend.slice(0, NAMED).map((one) => one.label), labels.slice(5));
  assert.deepEqual(legend.at(-1), { slot: NAMED, label: null, nLabels: 5, count: 15 });
  values.forEach((code, k) => assert.equal(slot[k], code < 5 ? NAMED : code - 5));
});

test("numbers are on one scale from the least to the greatest", () => {
  const { slot, low, high, none } = coloured(Float32Array.from([2, 4, NaN, 3]), { kind: "number", labels: [] });
  assert.deepEqual([[...slot], low, high, none], [[0, STEPS - 1, -1, Math.round((STEPS - 1) / 2)], 2, 4, 1]);
  assert.deepEqual([...coloured(Float32Array.from([7, 7]), { kind: "number" }).slot], [0, 0]);
  assert.equal(coloured(new Float32Array(0), { kind: "number" }).low, 0);
  const counts = ofCounts(Float32Array.from([0, 9, 99]));
  assert.deepEqual([...counts.slot], [0, Math.round((STEPS - 1) / 2), STEPS - 1]);
  near([counts.low, counts.high], [0, 99].map((value) => value));
});

test("a region is a part of the address, and a wrong one is told", () => {
  const state = { ...BASE, dump: "d", source: "s", at: 0, span: 60, view: "map", mapOf: "rnn.l0.c", mapMethod: "tsne", mapColour: "tag", lasso: [[0, 0.5], [1, 0], [1, -1.25]] };
  const { values, problems } = url.parse(url.format(state));
  assert.deepEqual(problems, []);
  for (const name of ["view", "mapOf", "mapMethod", "mapColour", "lasso"]) assert.deepEqual(values[name], state[name]);
  for (const bad of ["0,0,1,1", "0,0,1,1,2", "a,b,c,d,e,f", "", Array(1002).fill("1").join(",")]) {
    assert.match(url.parse(`?lasso=${bad}`).problems[0], /is not a region such as/);
  }
  assert.ok(FIELDS.some(({ param }) => param === "lasso"));
});

test("a region makes another question, a map without one does not", () => {
  const state = { ...BASE, dump: "d", source: "s" };
  assert.equal(url.key(state), url.key({ ...state, view: "map", mapOf: "x", mapMethod: "umap", mapColour: "t" }));
  assert.notEqual(url.key(state), url.key({ ...state, mapOf: "x", lasso: [[0, 0], [1, 0], [1, 1]] }));
});
