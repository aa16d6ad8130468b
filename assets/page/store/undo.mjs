/* Undo and redo of the selection: a stack of states at rest. Panning, zooming and scrolling are not undo steps. */

import { targetOf } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { LISTED_FIELDS, QUESTION_FIELDS } from "../lib/url.mjs";
import { showDump } from "./open.mjs";
import { state } from "./state.mjs";

const MOST = 200; // states kept
const LOOKS = [
  "tracks",
  "looks",
  "view",
  "mask",
  "bars",
  "leastRun",
  "mapOf",
  "mapMethod",
  "mapColour",
  "mapPaths",
  "lasso",
  "beside",
  "colour",
  "shaded",
  "underline",
  "rowTokens",
  "versus",
  "lists",
  "text",
  "was",
  "ablated",
  "ablatedTo",
  "carried",
  "influence",
  "pair",
  "pairWith",
  "pairSource",
  "pairBrush",
]; // what is shown beside the selection itself

/* A stack of snapshots, compared by their text. Pure. */
export function undoStack() {
  const /** @type {string[]} */ done = []; // texts; the last one is the present
  let /** @type {string[]} */ undone = [];

  /** @param {string} text */
  function note(text) {
    if (done.at(-1) === text) return;
    done.push(text);
    if (done.length > MOST) done.shift();
    undone = [];
  }

  function back() {
    if (done.length < 2) return null;
    undone.push(done.pop());
    return done.at(-1);
  }

  function forth() {
    if (!undone.length) return null;
    done.push(undone.pop());
    return done.at(-1);
  }

  return { note, back, forth, canBack: () => done.length > 1, canForth: () => undone.length > 0 };
}

const steps = undoStack();
let buttonsShow = ""; // what the buttons show now

function names() {
  return [...QUESTION_FIELDS, ...LISTED_FIELDS, ...LOOKS];
}

/* The present state is at rest. */
export function noteForUndo() {
  if (!state.dump) return;
  steps.note(
    JSON.stringify(Object.fromEntries(names().map((name) => [name, state[/** @type {keyof State} */ (name)]]))),
  );
  tell();
}

function tell() {
  const now = [steps.canBack(), steps.canForth()].join();
  if (now === buttonsShow) return;
  buttonsShow = now;
  dash_clientside.set_props(ids.undo, { disabled: !steps.canBack() });
  dash_clientside.set_props(ids.redo, { disabled: !steps.canForth() });
}

/** @param {string} text */
async function go(text) {
  if (text === null) return;
  const { dump, ...values } = JSON.parse(text);
  const { at, span, held, source, start } = state;
  if (dump === state.dump) Object.assign(values, values.source === source ? { held } : {}, { at, span });
  if (values.start !== null && values.start !== start && (values.stop <= at || values.start >= at + span)) {
    values.at = Math.max(0, Math.round((values.start + values.stop - span) / 2)); // bring back what is undone into view
  }
  await showDump(dump, values, "settle", []);
  tell();
}

export const undo = () => go(steps.back());
export const redo = () => go(steps.forth());

/* Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y); a field keeps its own undo. */
export function makeUndo() {
  document.addEventListener("keydown", (event) => {
    if (isStartShown() || targetOf(event).closest?.("input, textarea, [contenteditable]")) return;
    actOnKey("history", event, { undo, redo });
  });
  tell();
}
