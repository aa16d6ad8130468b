/* Unit lines of a source: some of them straight onto a canvas, or all of them from pictures of a few steps each, kept for
   panning. `of` says whose: {dump(), source(), row(step), height(), cut()}; steps and borders are those of the page's axis. */

import { lineScale } from "../dom/projector.mjs";
import { themeColours } from "../dom/theme.mjs";
import { sourceRange } from "../lib/axis.mjs";
import { lineOpacity } from "../lib/scale.mjs";
import { shortRuns } from "../lib/select.mjs";
import * as geometry from "../store/geometry.mjs";
import { plotPlace } from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";

const STEPS = 32; // steps a picture
const KEPT = 24; // pictures; at 32 steps of 20 px each they take some 20 MB
const EDGE = 6; // bitmap px beside a picture, for the width of its lines and dots
const LONE = 1.6; // px that the dot of a value without neighbours is wider than a line is

/**
 * @param {Floats} row
 * @param {number} unit
 */
function hasValue(row, unit) {
  return Boolean(row) && !Number.isNaN(row[unit]);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function dot(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/** @param {LinesOf} of */
export function linePainter(of) {
  const pictures = new Map(); // index -> canvas
  let look = ""; // what the kept pictures depend on

  /**
   * Lines of some units over the visible steps and one more at each side.
   * @param {CanvasRenderingContext2D} ctx
   * @param {number[]} units
   */
  function draw(ctx, units) {
    const { at, span } = state;
    stroke(ctx, units, Math.max(0, at - 1), Math.min(model.axis.n_steps, at + span + 1), (step) =>
      geometry.x(step + 0.5),
    );
  }

  /**
   * One path a unit, so that lines that lie on each other add up; broken at borders, gaps and NaN. A value with no
   * neighbour to be joined to is a dot.
   * @param {CanvasRenderingContext2D} ctx
   * @param {number[]} units
   * @param {number} from
   * @param {number} to
   * @param {(step: number) => number} x
   */
  function stroke(ctx, units, from, to, x) {
    const borders = new Set(model.bordersIn(Math.max(0, from - state.leastRun), to + 1 + state.leastRun));
    const xs = [];
    const rows = [];
    const starts = [];
    const ends = [];
    for (let step = from; step < to; step++) {
      xs.push(x(step));
      rows.push(of.row(step));
      starts.push(step === 0 || borders.has(step));
      ends.push(step + 1 >= model.axis.n_steps || borders.has(step + 1));
    }
    const [before, after] = [from > 0 ? of.row(from - 1) : null, to < model.axis.n_steps ? of.row(to) : null];
    const y = yOf();
    const radius = ctx.lineWidth / 2 + LONE;
    ctx.fillStyle = ctx.strokeStyle;
    const asked = { cut: of.cut(), side: state.side, least: state.leastRun };
    const isWhole = asked.least < 2 || asked.cut === null;
    const isBorder = (/** @type {number} */ step) => borders.has(step) || step === model.axis.n_steps;
    for (const unit of units) {
      const short = isWhole ? null : shortRuns(of.row, unit, asked, from, to, isBorder);
      const lone = [];
      ctx.beginPath();
      let last = before ? before[unit] : NaN;
      for (let k = 0; k < rows.length; k++) {
        const value = rows[k] && !short?.[k] ? rows[k][unit] : NaN;
        const isJoined = !Number.isNaN(last) && !starts[k];
        last = value;
        if (Number.isNaN(value)) continue;
        if (isJoined && k > 0) ctx.lineTo(xs[k], y(value));
        else ctx.moveTo(xs[k], y(value));
        if (isJoined || (!ends[k] && !short?.[k + 1] && hasValue(k + 1 < rows.length ? rows[k + 1] : after, unit)))
          continue;
        lone.push(k);
      }
      ctx.stroke();
      for (const k of lone) dot(ctx, xs[k], y(rows[k][unit]), radius);
    }
  }

  /**
   * geometry.y of geometry.viewed, with what stays the same worked out once.
   * @returns {(value: number) => number}
   */
  function yOf() {
    const [low, high] = sourceRange(of.source());
    const height = of.height() - 2 * geometry.PAD;
    const isTanh = of.source().view === "tanh";
    const top = geometry.PAD;
    return (value) => {
      const share = ((isTanh ? Math.tanh(value) : value) - low) / (high - low);
      return top + (1 - (share < -0.02 ? -0.02 : Math.min(share, 1.02))) * height;
    };
  }

  /**
   * Every unit, faint. A picture begins at the middle of its first step and ends at that of the next one's, but its lines
   * extend a little further, so that neighbours are cut at one whole pixel and show no seam.
   * @param {CanvasRenderingContext2D} ctx
   * @param {number} height
   */
  function drawAll(ctx, height) {
    const { at, span } = state;
    const ratio = window.devicePixelRatio || 1;
    forgetIfOther(height, ratio);
    const end = model.axis.n_steps - 1;
    const last = Math.floor(Math.min(end, at + span) / STEPS);
    /** @param {number} k */
    const left = (k) => Math.round(geometry.x(k * STEPS + 0.5) * ratio);
    ctx.setTransform(1, 0, 0, 1, 0, 0); // whole pixels of the bitmap, so that nothing blurs
    for (let k = Math.floor(Math.max(0, at - 1) / STEPS); k <= last; k++) {
      const one = picture(k, height, ratio);
      const from = k === 0 ? 0 : EDGE;
      const wide = (k + 1) * STEPS > end ? one.width - from : left(k + 1) - left(k) + EDGE - from;
      ctx.drawImage(one, from, 0, wide, one.height, left(k) + from - EDGE, 0, wide, one.height);
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /**
   * @param {number} height
   * @param {number} ratio
   */
  function forgetIfOther(height, ratio) {
    const { leastRun, side } = state;
    const runs = leastRun > 1 ? [leastRun, side, of.cut()] : [];
    const sizes = [geometry.cell(), height, ratio, lineScale()];
    const now = [of.dump(), of.source().name, ...sizes, themeColours().unit, ...runs].join();
    if (now === look) return;
    look = now;
    pictures.clear();
  }

  /**
   * @param {number} k
   * @param {number} height
   * @param {number} ratio
   */
  function picture(k, height, ratio) {
    const known = pictures.get(k);
    if (known) {
      pictures.delete(k); // to the end of the queue: used last
      pictures.set(k, known);
      return known;
    }
    const first = k * STEPS;
    const last = Math.min(model.axis.n_steps - 1, first + STEPS);
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil((last - first) * geometry.cell() * ratio) + 2 * EDGE;
    canvas.height = Math.max(1, Math.round(height * ratio));
    const ctx = canvas.getContext("2d");
    const nUnits = of.source().n_units;
    ctx.setTransform(ratio, 0, 0, ratio, EDGE, 0);
    ctx.strokeStyle = themeColours().unit;
    ctx.lineWidth = lineScale();
    ctx.globalAlpha = lineOpacity(nUnits);
    ctx.lineJoin = "bevel";
    const units = Array.from({ length: nUnits }, (_, unit) => unit);
    const [from, to] = [Math.max(0, first - 1), Math.min(model.axis.n_steps, last + 2)];
    stroke(ctx, units, from, to, (step) => (step - first) * geometry.cell());
    if (isLoaded(first, last)) keep(k, canvas);
    return canvas;
  }

  /** @param {...number} steps */
  function isLoaded(...steps) {
    return steps.every((step) => of.row(step) && model.shown(step));
  }

  /**
   * @param {number} k
   * @param {HTMLCanvasElement} canvas
   */
  function keep(k, canvas) {
    pictures.set(k, canvas);
    if (pictures.size > KEPT) pictures.delete(pictures.keys().next().value);
  }

  return { draw, drawAll, yOf };
}

/* Those of the plotted source. */
export const plotLines = linePainter({
  dump: () => state.dump,
  source: () => model.source,
  /** @param {number} step */
  row: (step) => model.row(step),
  height: () => plotPlace().clientHeight,
  cut: () => model.cut,
});
