/* Thumbnails of recordings: the lines of the first steps, a few requests at a time. */

import { fitCanvas, themeColours } from "../dom/theme.mjs";
import { readNumbers } from "../lib/numbers.mjs";
import { request } from "../store/request.mjs";

const STEPS = 60;
const LEAST = 8; // steps, however many units there are
const BYTES = 128 * 1024; // of states for one thumbnail
const LINES = 48; // drawn of all units
const AT_ONCE = 3; // requests
const /** @type {{ canvas: HTMLCanvasElement, dump: DumpCard }[]} */ waiting = [];
const loaded = new WeakMap(); // canvas -> {values, nSteps, nUnits, isTanh}
let flying = 0;

/**
 * How many steps of a source fit into a thumbnail's room.
 * @param {number} nSteps
 * @param {number} nUnits
 * @param {number} bytes
 */
function thumbnailSteps(nSteps, nUnits, bytes) {
  return Math.min(nSteps, Math.max(LEAST, Math.min(STEPS, Math.floor(BYTES / (nUnits * bytes)))));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {DumpCard} dump
 */
export function loadThumbnail(canvas, dump) {
  if (!dump.picture) return;
  waiting.push({ canvas, dump });
  next();
}

function next() {
  while (flying < AT_ONCE && waiting.length) {
    flying++;
    const one = waiting.shift();
    get(one)
      .catch(() => (one.canvas.dataset.state = "failed")) // the card goes without; opening it says why
      .finally(() => {
        flying--;
        next();
      });
  }
}

/** @param {{ canvas: HTMLCanvasElement, dump: DumpCard }} wanted */
async function get({ canvas, dump }) {
  const [source, nUnits, bytes, view] = dump.picture;
  const nSteps = thumbnailSteps(dump.n_steps, nUnits, bytes);
  const response = await request(`d/${encodeURIComponent(dump.uuid)}/states/${source}/0/${nSteps}`);
  loaded.set(canvas, {
    values: readNumbers(await response.arrayBuffer(), bytes),
    nSteps,
    nUnits,
    isTanh: view === "tanh",
  });
  drawThumbnail(canvas);
}

/**
 * The heights of a unit's values, shares from 0 (low) to 1, with null where there is none.
 * @param {Thumbnail} given
 * @param {number} unit
 * @param {[number, number]} ends
 */
function lineHeights({ values, nSteps, nUnits, isTanh }, unit, [low, high]) {
  return Array.from({ length: nSteps }, (_, k) => {
    const value = values[k * nUnits + unit];
    return !Number.isNaN(value) ? ((isTanh ? Math.tanh(value) : value) - low) / (high - low) : null;
  });
}

/**
 * @param {Pick<Thumbnail, "values" | "isTanh">} given
 * @returns {[low: number, high: number]}
 */
function thumbnailRange({ values, isTanh }) {
  if (isTanh) return [-1, 1];
  let reach = 0;
  for (const value of values) if (Math.abs(value) > reach && Number.isFinite(value)) reach = Math.abs(value);
  return reach > 0 ? [-reach, reach] : [-1, 1];
}

/** @param {HTMLCanvasElement} canvas */
export function drawThumbnail(canvas) {
  const given = loaded.get(canvas);
  if (!given || !canvas.clientWidth) return;
  const ctx = fitCanvas(canvas);
  const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
  const limits = thumbnailRange(given);
  const every = Math.max(1, Math.ceil(given.nUnits / LINES));
  ctx.strokeStyle = themeColours().unit;
  ctx.globalAlpha = Math.max(0.2, Math.min(0.7, 1.9 / Math.sqrt(Math.ceil(given.nUnits / every))));
  ctx.lineWidth = 1;
  for (let unit = 0; unit < given.nUnits; unit += every) {
    ctx.beginPath();
    let isJoined = false;
    lineHeights(given, unit, limits).forEach((share, k) => {
      const x = given.nSteps > 1 ? (k / (given.nSteps - 1)) * wide : wide / 2;
      if (share !== null) ctx[isJoined ? "lineTo" : "moveTo"](x, 3 + (1 - share) * (tall - 6));
      isJoined = share !== null;
    });
    ctx.stroke();
  }
  canvas.dataset.state = "drawn";
}
