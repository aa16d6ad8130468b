/* All units of a source at a glance: their order, what a cell says, and which label a heat column is. Pure. */

import { decimal, percent } from "./shares.mjs";
import { showToken } from "./tokens.mjs";

/* The columns of the table: key, heading, what it says, and whether the greatest comes first. */
export const SURVEY_COLUMNS = /** @type {const} */ ([
  ["unit", "unit", "The unit's number; press it for its card", false],
  ["order", "group", "Units that go on and off together stand side by side, and have one number", false],
  ["on_rate", "on", "Share of the steps at which it is on high at .30", true],
  ["range", "range", "The least and the greatest value", true],
  ["saturation", "saturated", "Share of the steps with a size of .95 or more", true],
  ["half_life", "half-life", "Steps after which its correlation with itself is down to a half", true],
  [
    "f1",
    "best label",
    "The label that it detects best: F1 on sequences that it was not chosen on, and its rank among the units",
    true,
  ],
  ["tokens", "best tokens", "Frequent tokens at which it is highest", false],
  ["place", "strongest place", "Where it lies furthest from its mean, coloured by its value", false],
]);

/**
 * The units in an order: by a column of the table, or by a column of the heat map ("heat:3"). Unknown values come last.
 * @param {SurveyTable} table
 * @param {string} by
 * @param {boolean} isDown
 */
export function sortedUnits(table, by, isDown) {
  const value = sortValue(table, by);
  const units = Array.from({ length: table.n_units }, (_, unit) => unit);
  return units.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0) || a - b;
    return (isDown ? y - x : x - y) || a - b;
  });
}

/**
 * @param {SurveyTable} table
 * @param {string} by
 * @returns {(unit: number) => number | null}
 */
function sortValue({ units, heat, place }, by) {
  if (by.startsWith("heat:")) return (unit) => heat[unit][Number(by.slice(5))];
  if (by === "range") return (unit) => (units.low[unit] === null ? null : units.high[unit] - units.low[unit]);
  if (by === "half_life") return (unit) => (units.lasts[unit] ? Number.MAX_VALUE : units.half_life[unit]);
  if (by === "place") return (unit) => (place[unit] < 0 ? null : place[unit]);
  if (by === "tokens") return (unit) => -units.tokens[unit].length;
  if (by === "unit") return (unit) => unit;
  return (unit) => /** @type {any} */ (units)[by][unit];
}

/**
 * The heat columns of the tokens or of the tracks, as indices.
 * @param {SurveyTable} table
 * @param {"tokens" | "labels"} kind
 */
export const heatColumns = ({ columns }, kind) =>
  columns.map((_, k) => k).filter((k) => (columns[k][0] === "") === (kind === "tokens"));

/** @param {[track: string, label: string]} column */
export const columnName = ([track, label]) =>
  track ? `${showToken(track).text} ${showToken(label).text}` : showToken(label).text;

const HEAD = 9; // characters

/**
 * The same in few characters: the label, with some of the track before a short one.
 * @param {[track: string, label: string]} column
 */
export function columnHead([track, label]) {
  const shown = showToken(label).text;
  const room = HEAD - shown.length - 1;
  return track && room > 4 ? `${showToken(track).text.slice(0, room)} ${shown}` : shown.slice(0, HEAD);
}

/**
 * What a cell of a unit says.
 * @param {SurveyTable} table
 * @param {number} unit
 */
export function unitCells({ units }, unit) {
  const { on_rate, low, high, saturation, half_life, lasts, track, label, f1, rank, group, tokens } = units;
  return {
    group: group[unit] ? String(group[unit]) : "–",
    on_rate: percent(on_rate[unit]),
    range: low[unit] === null ? "–" : `${short(low[unit])} to ${short(high[unit])}`,
    saturation: percent(saturation[unit]),
    half_life: lasts[unit] ? "to the end" : half_life[unit] === null ? "–" : short(half_life[unit]),
    f1: f1[unit] === null ? "–" : `${columnName([track[unit], label[unit]])} ${decimal(f1[unit])} (${rank[unit]}.)`,
    tokens: tokens[unit].map((token) => showToken(token).text),
  };
}

/** @param {number} value */
const short = (value) =>
  (Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)).replace(
    "-",
    "−",
  );

/**
 * The units that are named to start with, and why.
 * @param {SurveyTable} table
 */
export const startUnits = ({ units }) => units.why.map((words, unit) => ({ unit, words })).filter(({ words }) => words);
