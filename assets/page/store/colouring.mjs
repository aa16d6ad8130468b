/* What colours the tokens of the matches: how many units are on, a track, one unit's activation, or nothing. */

import { redraw } from "../dom/frame.mjs";
import { themeColours } from "../dom/theme.mjs";
import { showToken } from "../lib/tokens.mjs";
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
 * What a choice is called.
 * @param {string} colour
 */
export function colourName(colour) {
  const one = read(colour);
  if (one.kind === "track") return showToken(one.track.name).text;
  if (one.kind === "unit") return `unit ${unitName({ source: one.source.name, unit: one.unit, side: "high" })}`;
  const isRegion = Boolean(matchAnswer()?.region); // no unit is matched there
  return one.kind === "" || isRegion ? "nothing" : "matched units";
}

/**
 * The choice that a column's heading stands for, or null.
 * @param {Column} column
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
  const value = row.colour === state.colour && row.values ? row.values[c] : null;
  return value === null ? null : themeColours().diverge(0.5 + value / reach / 2);
}

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
 * Press a unit, or let go of it: its line stays in the hover colour, and what is known of it is shown beside the page.
 * Who shows it reads state.held: {source, unit} or null.
 * @param {string} source
 * @param {number} unit
 */
export function holdUnit(source, unit) {
  const { held } = state;
  const isSame = held !== null && held.source === source && held.unit === unit;
  const next = isSame || unit === null ? null : { source, unit };
  changeState({ held: next, colour: colourWhenHeld(next) }, "settle"); // and the matches are coloured by it
}
