/* What colours the tokens of the matches: how many units are on, a track, one unit's activation, or nothing. */

import { redraw } from "../dom/frame.mjs";
import { themeColours } from "../dom/theme.mjs";
import { isSameUnit } from "../lib/pattern-edit.mjs";
import { showToken } from "../lib/tokens.mjs";
import { coloursAsked } from "../lib/url.mjs";
import { matchAnswer } from "./matches.mjs";
import { model } from "./model.mjs";
import { unitName } from "./naming.mjs";
import { changeState, state } from "./state.mjs";

/* {kind: "shared" | "track" | "unit" | "", track, source, unit, reach} of the present choice. */
export function colourMode() {
  return read(state.colour);
}

/** @param {string} colour */
function read(colour) {
  if (colour.startsWith("track:")) {
    const track = model.tracks.find((one) => one.name === colour.slice(6));
    return track ? { kind: "track", track } : { kind: "shared" };
  }
  const [, name, unit] = colour.match(/^unit:(.+):(\d+)$/) || [];
  if (name === undefined) return { kind: colour === "" ? "" : "shared" };
  const source = model.sourceOf(name);
  return source
    ? { kind: "unit", source, unit: Number(unit), reach: Math.max(Math.abs(source.low), Math.abs(source.high)) || 1 }
    : { kind: "shared" };
}

/**
 * @param {string} source
 * @param {number} unit
 */
export const unitColour = (source, unit) => `unit:${source}:${unit}`;

/**
 * The name of a choice.
 * @param {string} colour
 */
export function colourName(colour) {
  const one = read(colour);
  if (one.kind === "track") return showToken(one.track.name).text;
  if (one.kind === "unit") return `unit ${unitName({ source: one.source.name, unit: one.unit, side: "high" })}`;
  const isRegion = Boolean(matchAnswer()?.region); // no unit is matched there
  if (one.kind === "" || isRegion) return "nothing";
  const n = matchAnswer()?.n_shaded;
  return state.shaded.length && n ? `${n} of the units` : "matched units";
}

/**
 * The choice that a column's heading stands for, or null.
 * @param {{ kind: string, track?: Track }} column
 */
export function columnColour(column) {
  if (column.kind === "track") return `track:${column.track.name}`;
  if (column.kind === "unit") return state.colour;
  return column.kind === "on" ? "shared" : null;
}

/**
 * The colour of a unit's value in cell `c` of a row; null while it is on its way, outside the sequence, or NaN.
 * @param {{ reach?: number }} mode
 * @param {Row} row
 * @param {number} c
 */
export function valueColour({ reach }, row, c) {
  const value = row.coloursAsked === state.colour && row.values ? row.values[c] : null;
  return value === null ? null : themeColours().diverge(0.5 + value / reach / 2);
}

/**
 * The shade of a token by how many units are on there: of those that were chosen, or of all.
 * @param {MatchAnswer} answer
 * @param {Row} row
 * @param {number} c
 */
export function sharedColour(answer, row, c) {
  const isOfSome = row.shades && answer.n_shaded && row.coloursAsked === coloursAsked(state);
  const [n, of] = isOfSome ? [row.shades[c], answer.n_shaded] : [row.on[c], answer.n_units];
  return n ? themeColours().shade(n / of) : null;
}

/* The track that underlines the tokens of the matches, or null. */
export const underlining = () => model.tracks.find((one) => state.underline === `track:${one.name}`) || null;

/**
 * Let a unit shade the tokens of the matches, or not; where no unit or every unit is left, all of them do.
 * @param {UnitName} unit
 * @param {boolean} isOn
 */
export function shadeBy(unit, isOn) {
  const all = model.chosen || [];
  const were = state.shaded.length ? state.shaded : all;
  const now = all.filter((one) => (isSameUnit(one, unit) ? isOn : were.some((other) => isSameUnit(one, other))));
  const shaded =
    now.length === all.length ? [] : now.map(({ source, unit: number, side }) => ({ source, unit: number, side }));
  changeState({ shaded, colour: "shared" }, "settle");
  redraw("matches");
}

/* Does a unit shade the tokens of the matches? */
export const isShading = (/** @type {UnitName} */ unit) =>
  !state.shaded.length || state.shaded.some((one) => isSameUnit(one, unit));

/** @param {string} colour */
export function chooseColour(colour) {
  changeState({ colour }, "settle");
  redraw("matches");
}

/**
 * The colour that goes with pressing a unit: its own, or what is usual once it is let go of.
 * @param {HeldUnit} unit
 */
export function colourWhenHeld(unit) {
  const { colour, held: before } = state;
  if (unit) return unitColour(unit.source, unit.unit);
  return before && colour === unitColour(before.source, before.unit) ? "shared" : colour;
}

/**
 * Highlight a unit, or stop: its line stays in the hover colour, and its card is shown. The highlighted unit is
 * state.held: {source, unit} or null.
 * @param {string} source
 * @param {number} unit
 */
export function holdUnit(source, unit) {
  const { held } = state;
  const isSame = held !== null && held.source === source && held.unit === unit;
  const next = isSame || unit === null ? null : { source, unit };
  changeState({ held: next, colour: colourWhenHeld(next) }, "settle"); // and the matches are coloured by it
}
