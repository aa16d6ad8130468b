/* Labels painted by hand: drag over tokens, or go from token to token by keyboard, and press the number of a label. What is
   painted is a track of the recording, which the server keeps. */

import { button, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { addCanvas, fitCanvas, themeColours } from "../dom/theme.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { snapWindow } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { clamp } from "../lib/url.mjs";
import { addedTracks, askTracks, changeTracks, tracksChanged } from "../store/added-tracks.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { dumpShown } from "../store/open.mjs";
import { state } from "../store/state.mjs";
import { panTo } from "../store/view.mjs";
import { stripPlace } from "./strip.mjs";
import { outlineTokens, slantAt, tokenRow } from "./token-row.mjs";

const MOST = 9; // labels that have a key
let /** @type {HTMLElement} */ bar;
let /** @type {HTMLElement} */ mount;
let /** @type {HTMLCanvasElement} */ canvas;
let /** @type {HTMLInputElement} */ name;
let /** @type {HTMLElement} */ chips;
let /** @type {HTMLElement} */ hint;
let isOn = false;
let /** @type {string[]} */ labels = [];
let /** @type {string} */ labelsOf = ""; // the track whose labels these are
let /** @type {Span} */ stretch = null;
let /** @type {number} */ anchor = null; // while the button is down

export function makePainter() {
  mount = stripPlace();
  bar = document.getElementById(ids.painter);
  canvas = addCanvas(mount, "lv-layer lv-painter-layer");
  mount.addEventListener("pointerdown", down, true);
  mount.addEventListener("pointermove", move, true);
  mount.addEventListener("pointerup", up, true);
  mount.addEventListener("pointercancel", up, true);
  mount.addEventListener("dblclick", (event) => isOn && event.stopImmediatePropagation(), true);
  mount.addEventListener("keydown", key, true);
  onFrame("strip", draw);
  dumpShown.on(() => isOn && stopPainting());
  tracksChanged.on(takeLabels);
}

export const isPainting = () => isOn;

/**
 * Begin to paint a track: one that is there, or a new one.
 * @param {string} track
 */
export function startPainting(track) {
  isOn = true;
  labelsOf = "";
  stretch = null;
  fill(track);
  takeLabels();
  mount.classList.add("lv-painting");
  mount.focus();
  redraw("strip");
}

export function stopPainting() {
  isOn = false;
  stretch = anchor = null;
  bar.replaceChildren();
  mount.classList.remove("lv-painting");
  redraw("strip");
}

/** @param {string} track */
function fill(track) {
  name = element("input", "lv-input lv-painter-name", "", { type: "text", maxlength: 200, "aria-label": "Track" });
  name.value = track;
  name.addEventListener("change", takeLabels);
  chips = element("span", "lv-painter-labels", "", { role: "group", "aria-label": "Labels" });
  const form = element("form", "lv-painter-new");
  const words = element("input", "lv-input", "", {
    type: "text",
    maxlength: 200,
    placeholder: "new label",
    "aria-label": "A new label",
  });
  form.append(words, element("button", "lv-button", "Add", { type: "submit" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const label = words.value.trim();
    words.value = "";
    if (label && !labels.includes(label)) labels.push(label);
    showLabels();
    if (label && stretch) paint(label);
    mount.focus();
  });
  hint = element("span", "lv-bar-note", "Drag over tokens, then press a label or its number", { role: "status" });
  bar.replaceChildren(
    element("span", "lv-gutter-label", "paint"),
    name,
    chips,
    form,
    button("lv-link", "erase", "Take the labels of the stretch away (0)", () => paint(null)),
    button("lv-link", "undo", "Undo the last change of the tracks (Ctrl+Z)", undo),
    hint,
    element("span", "lv-spacer"),
    button("lv-button", "Done", "Stop painting (Esc)", stopPainting),
  );
  for (const field of [name, words])
    field.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
}

/* The labels of the track, and those that were added here since. */
function takeLabels() {
  if (!isOn) return;
  const track = model.tracks.find((one) => one.name === name.value);
  const own = track?.kind === "category" ? track.labels : [];
  const kept = labelsOf === name.value ? labels.filter((label) => !own.includes(label)) : [];
  labels = [...own, ...kept];
  labelsOf = name.value;
  showLabels();
}

function showLabels() {
  const track = model.tracks.find((one) => one.name === name.value);
  chips.replaceChildren(
    ...labels.slice(0, MOST).map((label, k) => {
      const text = showToken(label).text;
      const made = button("lv-painter-label", "", `Give the stretch the label ${text} (${k + 1})`, () => paint(label));
      const code = track ? track.labels.indexOf(label) : -1;
      made.style.setProperty("--lv-ground", themeColours().category(code < 0 ? k : code));
      made.append(element("kbd", "", String(k + 1)), element("bdi", "", text));
      return made;
    }),
  );
}

/** @param {PointerEvent} event */
function stepOf(event) {
  const box = mount.getBoundingClientRect();
  const y = event.clientY - box.top;
  const step = geometry.stepAt(event.clientX - box.left - slantAt(y));
  const last = Math.min(model.axis.n_steps, state.at + state.span) - 1;
  return { step: clamp(step, state.at, last), isOnTokens: y <= tokenRow().top + tokenRow().height + 2 };
}

/** @param {PointerEvent} event */
function down(event) {
  if (!isOn || event.button !== 0 || !model.source) return;
  const { step, isOnTokens } = stepOf(event);
  if (!isOnTokens) return;
  event.stopImmediatePropagation();
  mount.setPointerCapture(event.pointerId);
  anchor = step;
  span(step);
}

/** @param {PointerEvent} event */
function move(event) {
  if (!isOn || anchor === null) return;
  event.stopImmediatePropagation();
  span(stepOf(event).step);
}

/** @param {PointerEvent} event */
function up(event) {
  if (!isOn || anchor === null) return;
  event.stopImmediatePropagation();
  anchor = null;
  mount.focus();
}

/** @param {number} step */
function span(step) {
  const bounds = model.sequenceOf(anchor);
  stretch = /** @type {Span} */ (snapWindow(anchor, clamp(step, bounds[0], bounds[1] - 1), bounds));
  redraw("strip");
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (!isOn) return;
  if (actOnKey("paint", event, KEYS)) event.stopImmediatePropagation();
}

/** @param {number} by */
function go(by) {
  const [start, stop] = stretch || [state.at - 1, state.at];
  const step = clamp(by > 0 ? stop : start - 1, 0, model.axis.n_steps - 1);
  stretch = [step, step + 1];
  const { at, span: wide } = state;
  if (step < at || step >= at + wide) panTo(Math.max(0, step - Math.floor(wide / 3)));
  redraw("strip");
}

/** @param {number} by */
function resize(by) {
  if (!stretch) return go(1);
  const [start, stop] = stretch;
  const bounds = model.sequenceOf(start);
  stretch = [start, clamp(stop + by, start + 1, bounds[1])];
  redraw("strip");
}

const KEYS = {
  /** @param {KeyboardEvent} event */
  label: (event) => paint(labels[Number(event.key) - 1], true),
  erase: () => paint(null, true),
  back: () => go(-1),
  on: () => go(1),
  shrink: () => resize(-1),
  grow: () => resize(1),
  undo: () => undo(),
  end: () => stopPainting(),
};

/**
 * Give the stretch a label; null takes its labels away. By key the next token is taken up.
 * @param {string | null | undefined} label
 * @param {boolean} [goesOn]
 */
async function paint(label, goesOn) {
  if (label === undefined) return say("There is no label of this number: type a new label and press Add");
  if (!stretch) return say("Drag over tokens first, or press → to go to one");
  if (!name.value.trim()) return say("Give the track a name first");
  const asked = { name: name.value.trim(), axis: model.axis.index, spans: [stretch], label };
  if (goesOn) go(1);
  try {
    await changeTracks("paint", asked);
    clearNotice("tracks");
    say("");
  } catch (error) {
    notify("tracks", `The label was not kept: ${error.message}`);
  }
  if (isOn) mount.focus();
}

async function undo() {
  try {
    await askTracks();
    const { undo: what, revision } = addedTracks();
    if (!what) return say("There is nothing to undo");
    await changeTracks("undo", { revision });
    say(`Undone: ${what}`);
  } catch (error) {
    notify("tracks", `It was not undone: ${error.message}`);
  }
}

/** @param {string} words */
function say(words) {
  if (hint) hint.textContent = words || "Drag over tokens, then press a label or its number";
}

function draw() {
  const ctx = fitCanvas(canvas);
  if (!isOn || !stretch || !model.source) return;
  ctx.strokeStyle = themeColours().hover;
  ctx.lineWidth = 2.5;
  ctx.setLineDash([4, 2]);
  outlineTokens(ctx, stretch[0], stretch[1], 1);
}

/* For tests. */
export function inspectPainter() {
  return {
    isOn,
    stretch,
    labels: labels.slice(),
    track: isOn ? name.value : null,
    words: hint ? hint.textContent : "",
  };
}
