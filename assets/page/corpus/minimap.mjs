/* The whole corpus over the lines: where the matches are, what is in view, where the brush is; a press or a drag goes there. */

import { element, ownKeys } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { addCanvas, fitCanvas, themeColours } from "../dom/theme.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { barcodeColumns, barcodeDepth, barcodePlace, binAt } from "../lib/barcode.mjs";
import { questionLine } from "../lib/questions.mjs";
import { grouped } from "../lib/scale.mjs";
import { clamp } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { getJson } from "../store/request.mjs";
import { changeState, state } from "../store/state.mjs";
import { summaryAnswer } from "../store/summary.mjs";
import { panTo } from "../store/view.mjs";
import { hitPlaces } from "./search.mjs";

const FEW = 120; // sequences whose borders are drawn
const LEAST = { view: 6, brush: 3 }; // px
const HIT = 4; // px that a hit of the search reaches down from the top
let /** @type {HTMLElement} */ track;
let /** @type {HTMLElement} */ view;
let /** @type {HTMLElement} */ brush;
let /** @type {HTMLCanvasElement} */ canvas;
const line = questionLine();
/** @type {{ key: string | null, starts: number[] }} */
let borders = { key: null, starts: [] };
let /** @type {number} */ drag = null; // px between the pointer and the middle of the view
let drawnKey = "";
let wide = 0; // px of the strip; to ask for it in each frame would lay the page out each time

export function makeMinimap() {
  const place = document.getElementById(ids.minimap);
  track = element("div", "lv-minimap-track", "", {
    role: "slider",
    tabindex: "0",
    "aria-label": "The whole corpus: what is in view",
    "aria-orientation": "horizontal",
  });
  canvas = addCanvas(track, "lv-layer");
  brush = element("div", "lv-minimap-brush");
  view = element("div", "lv-minimap-view");
  track.append(brush, view);
  place.prepend(element("span", "lv-gutter-label", "corpus"), track);
  track.addEventListener("pointerdown", down);
  track.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) track.addEventListener(end, up);
  track.addEventListener("pointerleave", () => hideTip());
  /** @param {number} share */
  const by = (share) => () =>
    panTo(state.at + Math.sign(share) * Math.max(1, Math.round(Math.abs(share) * model.axis.n_steps)));
  const ends = { first: () => panTo(0), last: () => panTo(Infinity) };
  ownKeys(track, "corpus", Object.assign({ back: by(-0.01), on: by(0.01), farBack: by(-0.1), farOn: by(0.1) }, ends));
  for (const name of ["selection", "summary", "strip"]) onFrame(name, draw);
  new ResizeObserver(() => {
    wide = track.clientWidth;
    redraw("summary");
  }).observe(track);
}

/* The barcode of the present matches; null without any. */
function barcode() {
  const answer = summaryAnswer();
  const isOf = answer?.barcode && answer.barcode.n_steps === model.axis.n_steps;
  return isOf ? answer.barcode : null;
}

function draw() {
  if (!model.source || !wide) return;
  needBorders();
  const answer = summaryAnswer();
  const now = JSON.stringify([
    answer?.key,
    state.dump,
    model.axis.index,
    borders.starts.length,
    hitPlaces(),
    wide,
    themeColours().bg,
    window.devicePixelRatio,
  ]);
  if (now !== drawnKey) {
    drawnKey = now;
    paint();
  }
  mark();
}

function paint() {
  const ctx = fitCanvas(canvas);
  const [width, height] = [wide, track.clientHeight];
  const colours = themeColours();
  const given = barcode();
  if (given) {
    const shares = barcodeColumns(given, width);
    const most = Math.max(...shares);
    shares.forEach((share, x) => {
      if (!share) return;
      ctx.fillStyle = colours.shade(barcodeDepth(share, most));
      ctx.fillRect(x, 0, 1, height);
    });
  }
  ctx.fillStyle = colours.dim;
  ctx.globalAlpha = 0.55;
  for (const start of borders.starts) ctx.fillRect(Math.round((start / model.axis.n_steps) * width), height - 4, 1, 4);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colours.text;
  for (const place of hitPlaces()) ctx.fillRect(Math.round(place * width), 0, 2, HIT);
}

/* The frame of what is in view, and the brush. */
function mark() {
  const { at, span, start, stop } = state;
  const nSteps = model.axis.n_steps;
  /**
   * @param {HTMLElement} element
   * @param {number} from
   * @param {number} to
   * @param {number} least
   */
  const put = (element, from, to, least) => {
    const { left, width } = barcodePlace(from, to, nSteps, wide, least);
    element.style.left = `${left}px`;
    element.style.width = `${width}px`;
  };
  put(view, at, at + span, LEAST.view);
  brush.hidden = start === null;
  if (start !== null) put(brush, start, stop, LEAST.brush);
  const last = Math.min(nSteps, at + span) - 1;
  const values = {
    "aria-valuemin": 0,
    "aria-valuemax": Math.max(0, nSteps - span),
    "aria-valuenow": at,
    "aria-valuetext": `steps ${grouped(at)} to ${grouped(last)} of ${grouped(nSteps)}`,
  };
  for (const [name, value] of Object.entries(values))
    if (track.getAttribute(name) !== String(value)) track.setAttribute(name, String(value));
}

/* Where sequences begin, asked once for an axis that has few. */
async function needBorders() {
  const { axis } = model;
  const { dump } = state;
  const key = `${dump}/${axis.index}`;
  if (borders.key === key) return;
  borders = { key, starts: [] };
  line.end();
  if (axis.n_sequences < 2 || axis.n_sequences > FEW) return;
  const reply = await line.ask((signal) => getJson(`d/${dump}/sequences/${axis.index}?limit=${FEW}`, { signal }));
  if (!reply) return; // another axis is shown by now
  if (reply.error)
    return notify("sequences", `The borders of the sequences could not be loaded: ${reply.error.message}`);
  clearNotice("sequences");
  borders.starts = reply.answer.sequences.slice(1).map((/** @type {Sequence} */ one) => one.start);
  redraw("summary");
}

/** @param {PointerEvent} event */
const xOf = (event) => event.clientX - track.getBoundingClientRect().left;
/** @param {number} x */
const stepAt = (x) => clamp(Math.floor((x / wide) * model.axis.n_steps), 0, model.axis.n_steps - 1);

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0 || !model.source) return;
  const { at, span } = state;
  const x = xOf(event);
  const { left, width } = barcodePlace(at, at + span, model.axis.n_steps, wide, LEAST.view);
  drag = x >= left - 3 && x <= left + width + 3 ? x - left - width / 2 : 0; // the frame is taken where it is caught
  track.setPointerCapture(event.pointerId);
  track.classList.add("lv-panning");
  hideTip();
  if (drag === 0) follow(x);
}

/** @param {number} x */
function follow(x) {
  const { span } = state;
  const middle = ((x - drag) / wide) * model.axis.n_steps;
  panTo(middle - span / 2, "live");
}

/** @param {PointerEvent} event */
function move(event) {
  if (!model.source) return;
  if (drag !== null) return follow(xOf(event));
  const step = stepAt(xOf(event));
  const lines = [`step ${grouped(step)}`];
  const given = barcode();
  if (given) {
    const { first, end, nMatches } = binAt(given, step);
    lines.push(`${plural(nMatches, "match")} in steps ${grouped(first)} to ${grouped(end - 1)}`);
  }
  showTip(event, lines);
}

function up() {
  if (drag === null) return;
  drag = null;
  track.classList.remove("lv-panning");
  changeState({}, "push");
}

/* For tests. */
export function inspectMinimap() {
  const box = track.getBoundingClientRect();
  const frame = view.getBoundingClientRect();
  return {
    left: box.left,
    width: box.width,
    y: box.top + box.height / 2,
    view: [frame.left, frame.right],
    hasBrush: !brush.hidden,
    borders: borders.starts,
    barcode: model.axis ? barcode() : null,
    hits: model.axis ? hitPlaces() : [],
    text: track.getAttribute("aria-valuetext"),
  };
}
