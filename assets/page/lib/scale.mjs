/* Numbers to positions, words and colours. Pure. */

const FEW = 12; // selected lines that are drawn in full

/**
 * Round tick values inside [low, high], about `wanted` of them, steps of 1, 2 or 5 times a power of ten.
 * @param {number} low
 * @param {number} high
 * @param {number} wanted
 */
export function niceTicks(low, high, wanted) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((k) => k * power).find((candidate) => candidate >= rough * 0.999);
  const values = [];
  for (let k = Math.ceil(low / size - 1e-9); k * size <= high + size * 1e-9; k++) values.push(k * size + 0); // + 0: never -0
  return values;
}

/**
 * Decimals that tell neighbouring ticks apart.
 * @param {number[]} values
 */
export function decimals(values) {
  if (values.length < 2) return 1;
  return Math.max(1, Math.min(6, -Math.floor(Math.log10(values[1] - values[0]) + 1e-9)));
}

/**
 * @param {number} value
 * @param {number} places
 */
export function signed(value, places) {
  const text = Math.abs(value).toFixed(places);
  return Number(text) === 0 ? text : (value > 0 ? "+" : "−") + text;
}

/**
 * 1306 -> "1,306".
 * @param {number} value
 */
export function grouped(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/**
 * A threshold as typed: the decimals of `step`, by which it is dragged, or as many as it has.
 * @param {number} value
 * @param {number} [step]
 */
export function thresholdText(value, step = 0.01) {
  const places = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const isRound = Number(value.toFixed(places)) === value;
  const text = isRound ? value.toFixed(places).replace(/(\.\d\d\d*?)0+$/, "$1") : String(Number(value.toPrecision(5)));
  return text.replace("-", "−");
}

/**
 * A value read off a line or a track.
 * @param {number} value
 */
export function valueText(value) {
  if (value === null || Number.isNaN(value)) return "no value";
  if (Number.isInteger(value)) return String(value).replace("-", "−");
  const size = Math.abs(value);
  return (size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)))).replace("-", "−");
}

/**
 * Faint enough that many lines stay readable: about 1 / sqrt(n).
 * @param {number} nUnits
 */
export function lineOpacity(nUnits) {
  return Math.max(0.05, Math.min(0.6, 1.7 / Math.sqrt(Math.max(1, nUnits))));
}

/**
 * The look of selected lines: a few are bold, many so faint that their density shows.
 * @param {number} nUnits
 */
export function selectedLook(nUnits) {
  if (nUnits <= FEW) return { width: 2, opacity: 1 };
  return { width: nUnits <= 40 ? 1.5 : 1, opacity: Math.max(0.03, (FEW / nUnits) ** 0.8) };
}

/** @param {string} hex */
function rgb(hex) {
  const text = hex.trim().replace("#", "");
  return [0, 2, 4].map((k) => parseInt(text.slice(k, k + 2), 16));
}

/**
 * Colour stops -> function of 0..1 giving "#rrggbb", by straight lines between the stops.
 * @param {string[]} stops
 * @returns {(share: number) => string}
 */
export function ramp(stops) {
  const colours = stops.map(rgb);
  return (share) => {
    const at = Math.max(0, Math.min(1, share)) * (colours.length - 1);
    const k = Math.min(colours.length - 2, Math.floor(at));
    return `#${colours[k].map((from, c) => hex2(from + (colours[k + 1][c] - from) * (at - k))).join("")}`;
  };
}

/** @param {number} value */
function hex2(value) {
  return Math.round(value).toString(16).padStart(2, "0");
}

/**
 * WCAG relative luminance of "#rrggbb".
 * @param {string} hex
 */
function luminance(hex) {
  const [r, g, b] = rgb(hex).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * Whichever of two text colours stands out more on a ground.
 * @param {string} ground
 * @param {string} one
 * @param {string} other
 */
export function readable(ground, one, other) {
  /** @param {string} text */
  const contrast = (text) => {
    const [low, high] = [luminance(ground), luminance(text)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  return contrast(one) >= contrast(other) ? one : other;
}

/**
 * [first, last] steps of a drag, snapped to cells and kept inside its sequence, as a window [start, stop).
 * @param {number} from
 * @param {number} to
 * @param {[number, number]} bounds
 */
export function snapWindow(from, to, bounds) {
  const [low, high] = from <= to ? [from, to] : [to, from];
  return [Math.max(bounds[0], low), Math.min(bounds[1], high + 1)];
}
