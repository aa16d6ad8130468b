/* Large type and lines and more contrast, for a room: a button and a key, remembered by this browser. The sizes are in
   style_people.css; what the canvases draw asks here. */

import { signal } from "../lib/signal.mjs";
import { ids } from "./ids.mjs";

const KEPT = "lstmviz-projector";
const TYPE = 1.25; // times the usual size
const LINES = 1.6; // times the usual width
let /** @type {HTMLButtonElement} */ button = null;

export const projectorTurned = signal();

/* Before anything is drawn, so that nothing jumps. */
export function beginProjector() {
  let kept = null;
  try {
    kept = window.localStorage.getItem(KEPT);
  } catch {
    kept = null; // a browser that keeps nothing: the usual size
  }
  document.documentElement.toggleAttribute("data-lv-projector", kept === "1");
}

export function makeProjector() {
  button = /** @type {HTMLButtonElement} */ (document.getElementById(ids.projector));
  button.addEventListener("click", toggleProjector);
  mark();
  const header = document.querySelector(".lv-header");
  const noteHeight = () => document.documentElement.style.setProperty("--lv-bar", `${header.offsetHeight}px`); // in two rows, what sticks under it starts lower
  new ResizeObserver(noteHeight).observe(header);
}

export function isProjectorOn() {
  return document.documentElement.hasAttribute("data-lv-projector");
}

/** @param {boolean} wanted */
export function setProjector(wanted) {
  document.documentElement.toggleAttribute("data-lv-projector", wanted);
  try {
    window.localStorage.setItem(KEPT, wanted ? "1" : "0");
  } catch {
    // not remembered; it holds until the page is left
  }
  mark();
  projectorTurned.tell();
}

export function toggleProjector() {
  setProjector(!isProjectorOn());
}

function mark() {
  if (button) button.setAttribute("aria-pressed", String(isProjectorOn()));
}

export const typeScale = () => (isProjectorOn() ? TYPE : 1);
export const lineScale = () => (isProjectorOn() ? LINES : 1);
