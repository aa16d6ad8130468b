/* One redraw an animation frame, whatever happened in between. Parts draw in the order they were added. */

import { notifyFailure } from "./notice.mjs";
import { isStartShown } from "./stage.mjs";

const /** @type {{ names: string[], draw: () => void }[]} */ parts = []; // {names, draw}
const asked = new Set();
const UNSEEN = 250; // ms without a frame: nothing is drawn
/** @type {number[]} */
export const brushTimes = []; // the last times from a brush's event to its drawing done, ms
let waiting = false;
let /** @type {number} */ brushedAt = null;

/**
 * Have `draw` called in each frame for which `redraw` was called with the name, or with one of several.
 * @param {string | string[]} name
 * @param {() => void} draw
 */
export function onFrame(name, draw) {
  parts.push({ names: [].concat(name), draw });
}

/** @param {...string} names */
export function redraw(...names) {
  for (const name of names) asked.add(name);
  if (!waiting) {
    waiting = true;
    window.requestAnimationFrame(run);
  }
}

/* Is what was asked to be drawn not drawn yet? */
export const isFrameAsked = () => waiting;

/* Settles once what was asked to be drawn up to now is on the screen; soon where nothing is drawn, as in a hidden tab. */
export function afterPaint() {
  return new Promise((resolve) => {
    window.requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, UNSEEN);
  });
}

export function redrawAll() {
  redraw(...parts.flatMap((part) => part.names));
}

function run() {
  waiting = false;
  const names = new Set(asked);
  asked.clear();
  const isAtStart = isStartShown();
  for (const part of parts) {
    if (!part.names.some((name) => names.has(name)) || part.names.includes("start") !== isAtStart) continue; // what is hidden is not drawn
    try {
      part.draw(); // if one part fails, the others are still drawn
    } catch (error) {
      notifyFailure("drawing the page", error);
    }
  }
  if (brushedAt !== null) noteBrush();
}

/* Start the clock of a brush: from the pointer's event to the end of the drawing it causes. */
export function markBrush() {
  if (brushedAt === null) brushedAt = performance.now();
}

function noteBrush() {
  if (brushTimes.length >= 500) {
    brushTimes.length = 0;
    performance.clearMeasures("lstmviz-brush");
  }
  brushTimes.push(performance.now() - brushedAt);
  performance.measure("lstmviz-brush", { start: brushedAt });
  brushedAt = null;
}
