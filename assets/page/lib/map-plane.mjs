/* The plane of the map: where its points lie on the screen, which are near or inside a region, a region's corners. Pure. */

const PAD = 14; // px around all points
export const MOST_CORNERS = 60; // corners of a region, so that it fits into an address
const ZOOM = { least: 0.5, most: 400 };

/**
 * {scale, x, y}: a point (px, py) stands at (x + px * scale, y - py * scale); both axes alike, all points in view.
 * @param {{ low: Corner, high: Corner }} map
 * @param {number} width
 * @param {number} height
 */
export function wholeView({ low, high }, width, height) {
  const wide = high[0] - low[0];
  const tall = high[1] - low[1];
  const room = [Math.max(1, width - 2 * PAD), Math.max(1, height - 2 * PAD)];
  const scale = Math.min(wide > 0 ? room[0] / wide : Infinity, tall > 0 ? room[1] / tall : Infinity);
  const used = Number.isFinite(scale) ? scale : 1;
  return {
    scale: used,
    x: width / 2 - ((low[0] + high[0]) / 2) * used,
    y: height / 2 + ((low[1] + high[1]) / 2) * used,
  };
}

/**
 * The same, `factor` times as large, what stands at (x, y) staying there; `base`: the scale at which all is in view.
 * @param {View} view
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 * @param {number} base
 */
export function zoomedView(view, factor, x, y, base) {
  const scale = Math.min(base * ZOOM.most, Math.max(base * ZOOM.least, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
}

/**
 * @param {View} view
 * @param {number} px
 * @param {number} py
 * @returns {[x: number, y: number]}
 */
export const toScreen = (view, px, py) => [view.x + px * view.scale, view.y - py * view.scale];
/**
 * @param {View} view
 * @param {number} x
 * @param {number} y
 * @returns {[x: number, y: number]}
 */
export const toPlane = (view, x, y) => [(x - view.x) / view.scale, (view.y - y) / view.scale];

/**
 * The index of the point nearest to (x, y) on the screen within `reach` px; -1 where there is none.
 * @param {Float32Array} points
 * @param {View} view
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 */
export function nearestPoint(points, view, x, y, reach) {
  const [cx, cy] = toPlane(view, x, y);
  let best = -1;
  let least = (reach / view.scale) ** 2;
  for (let k = 0; k < points.length / 2; k++) {
    const [dx, dy] = [points[2 * k] - cx, points[2 * k + 1] - cy];
    const far = dx * dx + dy * dy;
    if (far <= least) [best, least] = [k, far];
  }
  return best;
}

/**
 * Which points lie inside a polygon: a ray from them crosses its edges an odd number of times. As the server has it.
 * @param {Float32Array} points
 * @param {Corner[]} corners
 */
export function insideRegion(points, corners) {
  const mask = new Uint8Array(points.length / 2);
  for (let e = 0; e < corners.length; e++) {
    const [ax, ay] = corners[e];
    const [bx, by] = corners[(e + 1) % corners.length];
    if (ay === by) continue;
    for (let k = 0; k < mask.length; k++) {
      const y = points[2 * k + 1];
      if (ay > y !== by > y && points[2 * k] < ((bx - ax) * (y - ay)) / (by - ay) + ax) mask[k] ^= 1;
    }
  }
  return mask;
}

/**
 * The corners of a drawn line, as few as show it, rounded to what a pixel of `scale` px a unit resolves.
 * @param {number[][]} corners
 * @param {number} scale
 */
export function simplifiedRegion(corners, scale) {
  let tolerance = 1 / scale;
  let kept = thinned(corners, tolerance);
  while (kept.length > MOST_CORNERS) {
    tolerance *= 1.5;
    kept = thinned(corners, tolerance);
  }
  const digits = Math.max(0, Math.min(12, Math.ceil(Math.log10(scale)) + 1));
  return kept.map((corner) => corner.map((value) => Number(value.toFixed(digits)) + 0));
}

/**
 * Ramer 1972, Douglas and Peucker 1973: corners nearer than the tolerance to the line between others are left out.
 * @param {number[][]} corners
 * @param {number} tolerance
 */
function thinned(corners, tolerance) {
  const keep = new Set([0, corners.length - 1]);
  const open = [[0, corners.length - 1]];
  while (open.length) {
    const [a, b] = open.pop();
    let far = tolerance;
    let at = -1;
    for (let k = a + 1; k < b; k++) {
      const here = distance(corners[k], corners[a], corners[b]);
      if (here > far) [far, at] = [here, k];
    }
    if (at < 0) continue;
    keep.add(at);
    open.push([a, at], [at, b]);
  }
  return [...keep].sort((a, b) => a - b).map((k) => corners[k]);
}

/**
 * @param {number[]} point
 * @param {number[]} from
 * @param {number[]} to
 */
function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const long = dx * dx + dy * dy;
  const t = long > 0 ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / long)) : 0;
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/**
 * Does a line that was drawn enclose something? Fewer px than that across are a press that slipped.
 * @param {number[][]} corners
 * @param {number} scale
 * @param {number} [least]
 */
export function isArea(corners, scale, least = 6) {
  /** @param {number} k */
  const span = (k) => Math.max(...corners.map((corner) => corner[k])) - Math.min(...corners.map((corner) => corner[k]));
  return corners.length > 2 && span(0) * scale >= least && span(1) * scale >= least;
}
