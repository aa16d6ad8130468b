/* Where a step or a value lies on the plot and the strip, in CSS pixels of their canvases. */

import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { themeColours, typePx } from "../dom/theme.mjs";
import { axisTicks, snap, sourceRange, thresholdStep, tickText } from "../lib/axis.mjs";
import { thresholdText, valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { model } from "./model.mjs";
import { state } from "./state.mjs";
import { visibleTracks } from "./tracks.mjs";

const LEAST = 56; // px of the gutter that holds the y axis and the names of rows
const NAMES = { most: 190, share: 0.15 }; // px, and share of the width, that names may widen it to
export const KNOB = 16; // px between the axis' numbers and the lines: the threshold's handle
export const RIGHT = 10; // px, so that the last token's outline is not cut
export const PAD = 10; // px above and below the lines
let tall = 240;
let /** @type {CanvasRenderingContext2D} */ pen = null;
let known = { key: "", left: LEAST };
let /** @type {{ width: number, height: number, left: number }} */ measured = null; // until the present task ends

export const plotPlace = () => document.getElementById(ids.plot);

/* The plot's sizes, read once a task: each reading may have the browser lay out the page. */
function sizes() {
  if (measured) return measured;
  const mount = plotPlace();
  tall = mount.clientHeight || tall;
  measured = { width: mount.clientWidth || mount.parentElement.clientWidth, height: tall, left: null };
  queueMicrotask(() => {
    measured = null;
  });
  return measured;
}

/* The plot's width, also while the text stands in its place. */
export function plotWidth() {
  return sizes().width;
}

/* The gutter: as wide as the axis' numbers and, as far as there is room, the names of the tracks. */
export function left() {
  const all = sizes();
  if (all.left === null) all.left = gutter();
  return all.left;
}

function gutter() {
  const { source, dump } = model;
  if (!source) return LEAST;
  const names = visibleTracks().map((track) => showToken(track.name).text + rangeText(track));
  const key = JSON.stringify([dump.about.uuid, source.index, plotWidth(), height(), names, typeScale()]);
  if (key !== known.key) {
    known = { key, left: measure(names, plotWidth()) };
    document.documentElement.style.setProperty("--lv-gutter", `${known.left}px`);
  }
  return known.left;
}

/**
 * What the gutter holds beside a track's name: the ends of its axis, where numbers stand in the place of a text.
 * @param {Track} track
 */
function rangeText(track) {
  if (model.axis.has_tokens || track.kind === "category") return "";
  const ends = [valueText(track.low), valueText(track.high)];
  return `  ${ends[0].length > ends[1].length ? ends[0] : ends[1]}`;
}

/**
 * @param {string[]} names
 * @param {number} room
 */
function measure(names, room) {
  pen = pen || document.createElement("canvas").getContext("2d");
  const { sans } = themeColours();
  /**
   * @param {string} font
   * @param {string[]} texts
   */
  const widest = (font, texts) => {
    pen.font = `${font} ${sans}`;
    return Math.max(0, ...texts.map((text) => pen.measureText(text).width));
  };
  const values = ticks();
  const [low, high] = range();
  const numbers = widest(
    typePx(11),
    values.map((value) => tickText(value, values)),
  );
  const handle = widest(
    `600 ${typePx(12)}`,
    [low, high].map((end) => thresholdText(snap(end - end / 9, step()), step())),
  );
  const most = Math.min(NAMES.most, NAMES.share * room) * typeScale();
  const named = Math.min(widest(typePx(11), names) + 10, most);
  return Math.ceil(Math.max(LEAST, numbers + KNOB, Math.min(handle, 80) + KNOB, named));
}

/* Height of the plot; while the text stands in its place, the one it had. */
function height() {
  return sizes().height;
}

export function width() {
  return Math.max(1, plotWidth() - left() - RIGHT);
}

export function cell() {
  return width() / state.span;
}

/**
 * Left edge of a step's cell.
 * @param {number} at
 */
export function x(at) {
  return left() + (at - state.at) * cell();
}

/**
 * The step under x, also outside the view.
 * @param {number} px
 */
export function stepAt(px) {
  return Math.floor(state.at + (px - left()) / cell());
}

/**
 * The nearest border between two steps.
 * @param {number} px
 */
export function edgeAt(px) {
  return Math.round(state.at + (px - left()) / cell());
}

export function range() {
  return sourceRange(model.source);
}

export function ticks() {
  const [low, high] = range();
  return axisTicks(low, high, Math.max(2, Math.min(4, height() / 50)));
}

/* By how much a drag or a key changes the threshold. */
export function step() {
  return thresholdStep(model.source);
}

/**
 * Height of a value that is already in the view of the source.
 * @param {number} value
 */
export function y(value) {
  const [low, high] = range();
  const tall = height() - 2 * PAD;
  const share = (value - low) / (high - low);
  return PAD + (1 - Math.max(-0.02, Math.min(1.02, share))) * tall;
}

/** @param {number} py */
export function valueAt(py) {
  const [low, high] = range();
  const tall = height() - 2 * PAD;
  return low + (1 - (py - PAD) / tall) * (high - low);
}

/**
 * A recorded value as the source's view shows it.
 * @param {number} value
 */
export function viewed(value) {
  return model.source.view === "tanh" ? Math.tanh(value) : value;
}
