import assert from "node:assert/strict";
import test from "node:test";
import { clusterPlaces, colourGroups } from "../../assets/page/lib/map-clusters.mjs";
import { colouredPoints } from "../../assets/page/lib/map-colours.mjs";

/* Points spread a little around places: [[x, y, how many], ...] */
function cloud(places) {
  const points = [];
  for (const [x, y, n] of places) for (let k = 0; k < n; k++) points.push(x + (k % 7) * 0.01, y + (k % 5) * 0.01);
  return Float32Array.from(points);
}

test("a name stands where the points of its label are densest, and again where there are nearly as many", () => {
  const points = cloud([
    [0, 0, 100],
    [10, 10, 300],
    [10, 0, 200],
    [5, 5, 9],
  ]);
  const group = Int16Array.from(
    points.filter((_, k) => k % 2 === 0),
    (_, k) => (k < 100 ? 0 : k < 609 ? 1 : -1),
  );
  const places = clusterPlaces(points, group, 2);
  assert.deepEqual(
    places.map((one) => [one.group, Math.round(one.x), Math.round(one.y), one.n]),
    [
      [1, 10, 10, 300],
      [1, 10, 0, 200],
      [0, 0, 0, 100],
    ],
  );
});

test("points that are no numbers, and one place for all, are borne", () => {
  assert.deepEqual(clusterPlaces(Float32Array.of(NaN, NaN), Int16Array.of(0), 1), []);
  const one = clusterPlaces(Float32Array.of(1, 2, 1, 2), Int16Array.of(0, 0), 1);
  assert.deepEqual(one, [{ group: 0, x: 1, y: 2, n: 2 }]);
});

test("labels are named, and numbers where they are few", () => {
  const labels = colouredPoints(Float32Array.of(0, 1, NaN, 1), { kind: "category", labels: ["a", "b"] });
  const named = colourGroups(labels, Float32Array.of(0, 1, NaN, 1), String);
  assert.deepEqual(
    [named.names, [...named.group]],
    [
      ["a", "b"],
      [0, 1, -1, 1],
    ],
  );
  const values = Float32Array.of(3, NaN, 0.5, 3);
  const few = colourGroups(colouredPoints(values, { kind: "number", labels: [] }), values, String);
  assert.deepEqual(
    [few.names, [...few.group]],
    [
      ["0.5", "3"],
      [1, -1, 0, 1],
    ],
  );
  const many = Float32Array.from({ length: 30 }, (_, k) => k / 7);
  assert.equal(colourGroups(colouredPoints(many, { kind: "number", labels: [] }), many, String), null);
});
