/* How the list of matches lies in the table: its blocks, its columns, and where a row leads. */

import { areWords, meanWidth } from "../dom/cell-text.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { columnLayout, usedCells } from "../lib/columns.mjs";
import { blocksOf } from "../lib/match-list.mjs";
import { clamp } from "../lib/url.mjs";
import { colourMode, colourName, columnColour } from "../store/colouring.mjs";
import { matchAnswer, matchList } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { axisName, partner } from "../store/pair.mjs";
import { changeState, state } from "../store/state.mjs";
import { orderedTracks } from "../store/tracks.mjs";
import { byHandVersion, isRowShown } from "./by-hand.mjs";

/** @type {any} */
let known = { key: null, items: [], blocks: [], height: 0, next: null };
/** @type {any} */
let used = { list: null, version: null, range: null }; // cells that the rows use

/* The items that are shown, in blocks; recomputed only where something changed. */
export function laidItems() {
  const list = matchList();
  const key = `${list.version()} ${byHandVersion()}`;
  if (known.list !== list || known.key !== key) {
    const laid = list.laid(isRowShown);
    known = Object.assign({ list, key, blocks: blocksOf(laid.items) }, laid);
  }
  return known;
}

/* {list, hidden}: see lib/columns.mjs. */
export function tableColumns() {
  const answer = matchAnswer();
  const list = matchList();
  if (used.list !== list || used.version !== list.version())
    used = { list, version: list.version(), range: usedCells(list.rows()) };
  const [first] = list.rows();
  const mode = colourMode();
  return columnLayout({
    width: document.getElementById(ids.matchTable).clientWidth,
    used: used.range,
    before: answer.text_before,
    nUnits: answer.n_units,
    isChars: !areWords(model.firstShown()),
    hasTokens: model.axis.has_tokens,
    pair: first.pair ? axisName(partner().axis) : null,
    unit: mode.kind === "unit" ? colourName(state.colour) : null,
    isInColours: (column) => columnColour(column) === state.colour && !state.shaded.length,
    nTokens: state.rowTokens,
    word: meanWidth(model.firstShown()),
    tracks: orderedTracks().filter((track) => first.tracks?.[track.name]),
    scale: typeScale(),
  });
}

/**
 * Where a row's link leads: its place in view, brush and pattern kept.
 * @param {Row} row
 */
export function placeOfRow(row) {
  const { span } = state;
  const at = Math.round((row.start + row.stop) / 2 - span / 2);
  return { at: clamp(at, 0, Math.max(0, model.axis.n_steps - span)) };
}

/**
 * Brush a match where it is: a question of its own, with threshold and limits as they are.
 * @param {Row} row
 */
export function brushRow(row) {
  changeState({ ...placeOfRow(row), start: row.start, stop: row.stop, lists: null }, "push");
  window.scrollTo({ top: 0, behavior: "smooth" });
}

/** @param {Row} row */
export function openRow(row) {
  changeState(placeOfRow(row), "push");
  window.scrollTo({ top: 0, behavior: "smooth" });
}
