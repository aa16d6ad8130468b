/* Match rows hidden and marked by hand: which they are, and the switch that shows hidden ones anyway. */

import { button } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { matchAnswer, matchRows } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { listedByHand, noteListed } from "../store/pinned-pattern.mjs";

/** @param {{ start: number, stop: number }} row */
const name = (row) => `${row.start}-${row.stop}`;
/** @type {{ hidden: Span[] | null, marked: Span[] | null }} */
const NAMED = { hidden: null, marked: null };
/** @type {Record<string, Set<string>>} */
let sets = { hidden: new Set(), marked: new Set() };
let isShowing = false; // hidden rows, faded
let /** @type {HTMLButtonElement} */ toggleButton = null;
let changes = 0;

export function makeByHand() {
  toggleButton = button("lv-link lv-hand", "", "", () => {
    isShowing = !isShowing;
    rowsChanged();
  });
  toggleButton.hidden = true;
  document.getElementById(ids.matchHand).append(toggleButton);
  onFrame("selection", refresh);
  onFrame("matches", tell);
}

/* Read them from the state, or from the opened pattern. */
function refresh() {
  if (!model.source) return;
  const { hidden, marked } = listedByHand();
  if (hidden === NAMED.hidden && marked === NAMED.marked) return;
  Object.assign(NAMED, { hidden, marked });
  const /** @type {Record<string, Set<string>>} */ now = {
      hidden: new Set(hidden.map((row) => row.join("-"))),
      marked: new Set(marked.map((row) => row.join("-"))),
    };
  const isSame = ["hidden", "marked"].every(
    (one) => now[one].size === sets[one].size && [...now[one]].every((row) => sets[one].has(row)),
  );
  if (isSame) return;
  sets = now;
  rowsChanged();
}

function rowsChanged() {
  changes++;
  redraw("matches", "matchscroll");
}

const isRegion = () => Boolean(matchAnswer()?.region); // its rows are steps, not matches
/** @param {Row} row */
export const isRowHidden = (row) => !isRegion() && sets.hidden.has(name(row));
/** @param {Row} row */
export const isRowMarked = (row) => !isRegion() && sets.marked.has(name(row));
/** @param {Row} row */
export const isRowShown = (row) => isShowing || !isRowHidden(row);

/* How many of the rows that are here are hidden, and marked. */
function tell() {
  const rows = matchRows();
  const nHidden = sets.hidden.size ? rows.filter(isRowHidden).length : 0;
  toggleButton.hidden = nHidden === 0;
  toggleButton.textContent = isShowing ? `leave out ${nHidden} hidden` : `show ${nHidden} hidden`;
  toggleButton.title = isShowing
    ? "Leave the rows that you hid out of the list again"
    : "Also list the rows that you hid, faded, to bring them back";
  toggleButton.setAttribute("aria-pressed", String(isShowing));
}

/**
 * @param {"hidden" | "marked"} list
 * @param {Row} row
 */
function toggle(list, row) {
  if (isRegion()) return;
  const rows = listedByHand()[list];
  const rest = rows.filter(([start, stop]) => start !== row.start || stop !== row.stop);
  noteListed({ [list]: rest.length < rows.length ? rest : [...rows, [row.start, row.stop]] });
  refresh();
}

/** @param {Row} row */
export const hideRow = (row) => toggle("hidden", row);
/** @param {Row} row */
export const markRow = (row) => toggle("marked", row);

export const byHandVersion = () => changes;
