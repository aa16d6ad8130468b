/* How many units each threshold selects, and a sentence about the present one. Pure. */

import { grouped, thresholdText } from "./scale.mjs";
import { plural } from "./words.mjs";

const STABLE = 0.15; // of the range: a stretch as long as that is a stable choice

/**
 * Answers {threshold, n_units} of two sides, added. Where only one goes so far the other one selects nothing there.
 * @param {Curve} one
 * @param {Curve} other
 */
export function addCurves(one, other) {
  const [long, short] = one.threshold.length >= other.threshold.length ? [one, other] : [other, one];
  return {
    threshold: long.threshold,
    n_units: long.threshold.map((value, k) => long.n_units[k] + countAt(short, value)),
  };
}

/**
 * How many a threshold selects by a curve: at its nearest point; none beyond its end.
 * @param {Curve} curve
 * @param {number} threshold
 */
export function countAt(curve, threshold) {
  const k = nearest(curve, threshold);
  return threshold > curve.threshold.at(-1) ? 0 : curve.n_units[k];
}

/**
 * The place of the point that is nearest to a threshold.
 * @param {Curve} curve
 * @param {number} threshold
 */
export function nearest({ threshold: points }, threshold) {
  let best = 0;
  for (let k = 1; k < points.length; k++)
    if (Math.abs(points[k] - threshold) <= Math.abs(points[best] - threshold)) best = k;
  return best;
}

/**
 * The stretch of equal counts around a place: {n, from, to}, its first and last threshold.
 * @param {Curve} curve
 * @param {number} place
 */
function stretch(curve, place) {
  const { threshold: points, n_units: counts } = curve;
  let [a, b] = [place, place];
  while (a > 0 && counts[a - 1] === counts[place]) a--;
  while (b < counts.length - 1 && counts[b + 1] === counts[place]) b++;
  return { n: counts[place], from: points[a], to: points[b] };
}

/**
 * The longest stretch that selects anything, or null.
 * @param {Curve} curve
 */
export function longest(curve) {
  let best = null;
  for (let k = 0; k < curve.threshold.length; k++) {
    const here = stretch(curve, k);
    if (here.n > 0 && (!best || here.to - here.from > best.to - best.from)) best = here;
  }
  return best;
}

/**
 * A threshold between two points of the curve may select more or fewer than either: {below, above}, else null.
 * @param {Curve} curve
 * @param {number} threshold
 */
export function between({ threshold: points, n_units: counts }, threshold) {
  const above = points.findIndex((point) => point >= threshold);
  if (above < 1 || points[above] === threshold) return null;
  return { below: { at: points[above - 1], n: counts[above - 1] }, above: { at: points[above], n: counts[above] } };
}

/**
 * "4 units from 0.15 to 0.65: a stable choice". `own`: how many the threshold itself selects, null where that is not known.
 * @param {Curve} curve
 * @param {number} threshold
 * @param {number | null} [own]
 */
export function adviceSentence(curve, threshold, own) {
  const points = curve.threshold;
  if (threshold < points[0] || threshold > points.at(-1)) {
    const range = `${text(points[0])} to ${text(points.at(-1))}`;
    return `${text(threshold)} is beyond this curve, which goes from ${range}`;
  }
  const best = longest(curve);
  if (!best && !own) return "No threshold selects any unit here: brush other steps or drop a constraint";
  const ends = between(curve, threshold);
  if (ends && !(ends.below.n === ends.above.n && own === ends.below.n)) {
    const exactly =
      own === null
        ? `${text(threshold)} lies between two points of the curve`
        : `${plural(own, "unit")} at exactly ${text(threshold)}`;
    return `${exactly}: ${ends.below.n} at ${text(ends.below.at)}, ${ends.above.n} at ${text(ends.above.at)}`;
  }
  const here = stretch(curve, nearest(curve, threshold));
  /** @param {Stretch} stretch */
  const isLong = ({ from, to }) => to - from >= STABLE * (points.at(-1) - points[0]);
  /** @param {Stretch} stretch */
  const span = ({ n, from, to }) =>
    `${plural(n, "unit")} ${from === to ? `only at ${text(from)}` : `from ${text(from)} to ${text(to)}`}`;
  if (here.n === 0)
    return `No unit ${here.from === here.to ? `at ${text(here.from)}` : `from ${text(here.from)} to ${text(here.to)}`}; ${span(best)}`;
  if (isLong(here)) return `${span(here)}: a stable choice`;
  if (isLong(best) && best.from !== here.from) return `${span(here)}: little room. Steadier: ${span(best)}`;
  return `${span(here)}: a small change takes other units`;
}

/** @param {number} value */
function text(value) {
  return thresholdText(value);
}

/**
 * The corners of the step curve in a drawing: [[x, y], ...], each point's count up to half way to its neighbours.
 * @param {Curve} curve
 * @param {(threshold: number) => number} x
 * @param {(count: number) => number} y
 */
export function curveCorners(curve, x, y) {
  const { threshold: points, n_units: counts } = curve;
  const corners = [[x(points[0]), y(counts[0])]];
  for (let k = 1; k < points.length; k++) {
    if (counts[k] === counts[k - 1]) continue;
    const middle = x((points[k] + points[k - 1]) / 2);
    corners.push([middle, y(counts[k - 1])], [middle, y(counts[k])]);
  }
  corners.push([x(points.at(-1)), y(counts.at(-1))]);
  return corners;
}

/**
 * Why a source opens with its threshold.
 * @param {Source} source
 */
export function openingSentence({ opening }) {
  const { threshold, share, n_brushes: n } = opening;
  if (!n) return "";
  return `Of ${grouped(n)} brushes of 4 steps tried here, ${Math.round(share * 100)} % select a unit at ${threshold}.`;
}
