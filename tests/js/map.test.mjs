import assert from "node:assert/strict";
import test from "node:test";
import { colouredCounts, colouredPoints, NAMED_LABELS, SCALE_STEPS } from "../../assets/page/lib/map-colours.mjs";
import {
  insideRegion,
  isArea,
  MOST_CORNERS,
  nearestPoint,
  simplifiedRegion,
  toPlane,
  toScreen,
  wholeView,
  zoomedView,
} from "../../assets/page/lib/map-plane.mjs";
import { formatAddress, parseAddress, questionKey } from "../../assets/page/lib/url.mjs";
import { BASE_STATE, FIELDS } from "../../assets/page/lib/url-fields.mjs";

const near = (one, other) =>
  one.forEach((value, k) => assert.ok(Math.abs(value - other[k]) < 1e-9, `${one} is not ${other}`));

test("all points are in view, in the middle, both axes alike", () => {
  for (const [wide, tall] of [
    [800, 300],
    [300, 800],
  ]) {
    const map = { low: [-4, -1], high: [2, 5] };
    const view = wholeView(map, wide, tall);
    const [left, bottom] = toScreen(view, ...map.low);
    const [right, top] = toScreen(view, ...map.high);
    assert.ok(left >= 0 && right <= wide && top >= 0 && bottom <= tall);
    near([(left + right) / 2, (top + bottom) / 2], [wide / 2, tall / 2]);
    near([right - left], [bottom - top]);
  }
});

test("one point alone stands in the middle", () => {
  near(toScreen(wholeView({ low: [3, 3], high: [3, 3] }, 200, 100), 3, 3), [100, 50]);
});

test("the screen and the plane are each other's inverse, and zooming keeps the place under the pointer", () => {
  const view = wholeView({ low: [0, 0], high: [10, 10] }, 400, 400);
  near(toPlane(view, ...toScreen(view, 2.5, 7)), [2.5, 7]);
  const before = toPlane(view, 120, 310);
  const closer = zoomedView(view, 3, 120, 310, view.scale);
  near(toPlane(closer, 120, 310), before);
  near([closer.scale], [view.scale * 3]);
  assert.equal(zoomedView(view, 1e9, 0, 0, view.scale).scale, view.scale * 400);
  assert.equal(zoomedView(view, 1e-9, 0, 0, view.scale).scale, view.scale * 0.5);
});

test("the nearest point is the nearest on the screen, within reach", () => {
  const points = Float32Array.from([0, 0, 1, 0, 5, 5]);
  const view = { scale: 10, x: 0, y: 0 };
  assert.equal(nearestPoint(points, view, 6, 0, 9), 1);
  assert.equal(nearestPoint(points, view, 4, 0, 9), 0);
  assert.equal(nearestPoint(points, view, 30, -30, 9), -1);
});

test("a point is inside where the corners go around it", () => {
  const points = Float32Array.from([0.5, 0.5, 1.5, 0.5, 0.5, 1.5, -0.5, 0.2]);
  const square = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ];
  assert.deepEqual([...insideRegion(points, square)], [1, 0, 0, 0]);
  assert.deepEqual([...insideRegion(points, [...square].reverse())], [1, 0, 0, 0]);
  const horseshoe = [
    [0, 0],
    [3, 0],
    [3, 3],
    [2, 3],
    [2, 1],
    [1, 1],
    [1, 3],
    [0, 3],
  ];
  assert.deepEqual([...insideRegion(Float32Array.from([0.5, 2, 1.5, 2, 2.5, 2]), horseshoe)], [1, 0, 1]);
});

test("a drawn line is told with few corners that hold the same points", () => {
  const drawn = Array.from({ length: 700 }, (_, k) => {
    const turn = (2 * Math.PI * k) / 700;
    return [Math.cos(turn) * (1 + 0.2 * Math.sin(9 * turn)), Math.sin(turn)];
  });
  const few = simplifiedRegion(drawn, 300);
  assert.ok(few.length >= 3 && few.length <= MOST_CORNERS, few.length);
  const points = Float32Array.from({ length: 4000 }, (_, k) => Math.sin(k * 12.9898) * 1.4);
  const [one, other] = [insideRegion(points, drawn), insideRegion(points, few)];
  assert.ok(one.filter((is, k) => is !== other[k]).length < 40);
});

test("a press that slipped is no region", () => {
  assert.equal(
    isArea(
      [
        [0, 0],
        [0.1, 0],
        [0.1, 0.1],
      ],
      10,
    ),
    false,
  );
  assert.equal(
    isArea(
      [
        [0, 0],
        [5, 0],
        [5, 0],
      ],
      10,
    ),
    false,
  );
  assert.equal(
    isArea(
      [
        [0, 0],
        [5, 0],
        [5, 5],
      ],
      10,
    ),
    true,
  );
});

test("the most frequent labels have a colour each, in their own order; the others share one", () => {
  const labels = Array.from({ length: 14 }, (_, k) => `l${k}`);
  const values = labels.flatMap((_, k) => Array.from({ length: k + 1 }, () => k));
  const { legend, slot, none } = colouredPoints(Float32Array.from([...values, NaN]), { kind: "category", labels });
  assert.equal(none, 1);
  assert.equal(slot.at(-1), -1);
  assert.deepEqual(
    legend.slice(0, NAMED_LABELS).map((one) => one.label),
    labels.slice(5),
  );
  assert.deepEqual(legend.at(-1), { slot: NAMED_LABELS, label: null, nLabels: 5, count: 15 });
  values.forEach((code, k) => assert.equal(slot[k], code < 5 ? NAMED_LABELS : code - 5));
});

test("numbers are on one scale from the least to the greatest", () => {
  const { slot, low, high, none } = colouredPoints(Float32Array.from([2, 4, NaN, 3]), { kind: "number", labels: [] });
  assert.deepEqual(
    [[...slot], low, high, none],
    [[0, SCALE_STEPS - 1, -1, Math.round((SCALE_STEPS - 1) / 2)], 2, 4, 1],
  );
  assert.deepEqual([...colouredPoints(Float32Array.from([7, 7]), { kind: "number" }).slot], [0, 0]);
  assert.equal(colouredPoints(new Float32Array(0), { kind: "number" }).low, 0);
  const counts = colouredCounts(Float32Array.from([0, 9, 99]));
  assert.deepEqual([...counts.slot], [0, Math.round((SCALE_STEPS - 1) / 2), SCALE_STEPS - 1]);
  near(
    [counts.low, counts.high],
    [0, 99].map((value) => value),
  );
});

test("a region is a part of the address, and a wrong one is told", () => {
  const state = {
    ...BASE_STATE,
    dump: "d",
    source: "s",
    at: 0,
    span: 60,
    view: "map",
    mapOf: "rnn.l0.c",
    mapMethod: "tsne",
    mapColour: "tag",
    lasso: [
      [0, 0.5],
      [1, 0],
      [1, -1.25],
    ],
  };
  const { values, problems } = parseAddress(formatAddress(state));
  assert.deepEqual(problems, []);
  for (const name of ["view", "mapOf", "mapMethod", "mapColour", "lasso"]) assert.deepEqual(values[name], state[name]);
  for (const bad of ["0,0,1,1", "0,0,1,1,2", "a,b,c,d,e,f", "", Array(1002).fill("1").join(",")]) {
    assert.match(parseAddress(`?lasso=${bad}`).problems[0], /is not a region such as/);
  }
  assert.ok(FIELDS.some(({ param }) => param === "lasso"));
});

test("a region makes another question, a map without one does not", () => {
  const state = { ...BASE_STATE, dump: "d", source: "s" };
  assert.equal(
    questionKey(state),
    questionKey({ ...state, view: "map", mapOf: "x", mapMethod: "umap", mapColour: "t" }),
  );
  assert.notEqual(
    questionKey(state),
    questionKey({
      ...state,
      mapOf: "x",
      lasso: [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    }),
  );
});
