/* The y axis: where its ticks are, what they say, and how finely a threshold is dragged. Pure. */

import { decimals, niceTicks, signed } from "./scale.mjs";

const FEWEST = 3; // ticks; fewer do not tell how far apart values are
const SUFFIXES = ["", "k", "M", "G", "T"];

/**
 * Round values inside [low, high], about `wanted` of them and at least three.
 * @param {number} low
 * @param {number} high
 * @param {number} wanted
 */
export function axisTicks(low, high, wanted) {
  let /** @type {number[]} */ ticks = [];
  for (let k = wanted; k < wanted + 12 && ticks.length < FEWEST; k++) ticks = niceTicks(low, high, k);
  return ticks;
}

/**
 * A tick in words, next to the others: "+0.5", "−500", "+1k".
 * @param {number} value
 * @param {number[]} values
 */
export function tickText(value, values) {
  const most = Math.max(...values.map(Math.abs));
  const gap = values.length > 1 ? values[1] - values[0] : 1;
  if (most >= 1000 || most < 0.001) return value === 0 ? "0" : (value > 0 ? "+" : "−") + compact(Math.abs(value));
  return signed(value, gap >= 1 && most > 1 ? 0 : decimals(values));
}

/**
 * A positive number in as few characters as tell it to three digits: "1.5k", "2M", "5e−4".
 * @param {number} value
 */
export function compact(value) {
  const power = Math.floor(Math.log10(value) / 3 + 1e-9);
  if (value < 0.001 || power >= SUFFIXES.length)
    return Number(value.toPrecision(3)).toExponential().replace("+", "").replace("-", "−");
  return String(Number((value / 1000 ** Math.max(0, power)).toPrecision(3))) + SUFFIXES[Math.max(0, power)];
}

/**
 * What one step of a dragged threshold is: 0.01 from -1 to 1, and as fine a share of any other range. A tanh view
 * stays on hundredths, whose cuts the page knows.
 * @param {number} low
 * @param {number} high
 * @param {string} view
 */
export function dragStep(low, high, view) {
  if (view === "tanh") return 0.01;
  return Number(`1e${Math.floor(Math.log10(high - low)) - 2}`);
}

/**
 * The ends of a source's axis, one above the other also where all of its values are the same.
 * @param {{ low: number, high: number }} source
 * @returns {[low: number, high: number]}
 */
export function sourceRange({ low, high }) {
  return high > low ? [low, high] : [low - 1, low + 1];
}

/**
 * By how much a drag or a key changes the threshold of a source.
 * @param {Source} source
 */
export function thresholdStep(source) {
  return dragStep(...sourceRange(source), source.view);
}

/**
 * The nearest multiple of a step, without the dust of the division.
 * @param {number} value
 * @param {number} step
 */
export function snap(value, step) {
  return Number((Math.round(value / step) * step).toPrecision(12));
}
