/* The heat map of units by labels: the whole of it small, in the present order, so that one sees blocks; and a strip a row. */

import { element } from "../dom/element.mjs";
import { typeScale } from "../dom/projector.mjs";
import { fitCanvas, labelFont, themeColours } from "../dom/theme.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { columnHead, columnName } from "../lib/survey.mjs";

const MOST_SHOWN = 40; // values of heat, at which the colour is full: 2 standard deviations
const CELL = { least: 5, most: 22, room: 330 }; // px wide
const TALL = 96; // px of the whole map
const NAMES = 54; // px of the names above it
let /** @type {HTMLElement} */ whole;
let /** @type {HTMLCanvasElement} */ canvas;
/** @type {{ table: SurveyTable, order: number[], columns: number[] }} */
let shown = null;

/**
 * @param {(by: string) => void} sortBy
 * @param {(unit: number, isMore: boolean) => void} press
 */
export function makeHeat(sortBy, press) {
  whole = element("div", "lv-survey-heat");
  canvas = element("canvas", "lv-survey-map", "", { role: "img" });
  whole.append(canvas);
  canvas.addEventListener("click", (event) => {
    const at = cellAt(event);
    if (at && at.unit === null) sortBy(`heat:${at.column}`);
    else if (at) press(at.unit, event.ctrlKey || event.metaKey || event.shiftKey);
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = cellAt(event);
    if (!at) return hideTip();
    const name = columnName(shown.table.columns[at.column]);
    showTip(
      event,
      at.unit === null
        ? [name, "press to sort by it"]
        : [`unit ${at.unit}`, heatWords(shown.table, at.unit, at.column)],
    );
  });
  canvas.addEventListener("pointerleave", () => hideTip());
}

export const heatElement = () => whole;

/** @param {number} n */
const cellWidth = (n) =>
  Math.max(CELL.least, Math.min(CELL.most, Math.floor((CELL.room * typeScale()) / Math.max(1, n))));

/**
 * The width of a heat map of `n` columns, in px.
 * @param {number} n
 */
export const heatWidth = (n) => n * cellWidth(n);

/**
 * "depth 3: +1.2 standard deviations from its mean".
 * @param {SurveyTable} table
 * @param {number} unit
 * @param {number} column
 */
export function heatWords(table, unit, column) {
  const value = table.heat[unit][column];
  const name = columnName(table.columns[column]);
  if (value === null) return `${name}: too few steps`;
  const size = (value * table.heat_unit).toFixed(1).replace("-", "−");
  return `${name}: ${value > 0 ? "+" : ""}${size} standard deviations from its mean`;
}

/** @param {MouseEvent} event */
function cellAt(event) {
  if (!shown) return null;
  const box = canvas.getBoundingClientRect();
  const { order, columns } = shown;
  const k = Math.floor((event.clientX - box.left) / cellWidth(columns.length));
  if (k < 0 || k >= columns.length) return null;
  const y = event.clientY - box.top - NAMES * typeScale();
  const unit = y < 0 ? null : order[Math.min(order.length - 1, Math.floor((y / TALL) * order.length))];
  return { column: columns[k], unit };
}

/**
 * The colour of a value: a share from 0 (low) over a half (the mean) to 1.
 * @param {number} value
 */
const shareOf = (value) => Math.max(0, Math.min(1, 0.5 + value / MOST_SHOWN / 2));

/**
 * @param {SurveyTable} table
 * @param {number[]} order
 * @param {number[]} columns
 * @param {string} by
 */
export function drawHeat(table, order, columns, by) {
  shown = { table, order, columns };
  const [cell, names] = [cellWidth(columns.length), NAMES * typeScale()];
  canvas.style.width = `${columns.length * cell}px`;
  canvas.style.height = `${names + TALL}px`;
  canvas.setAttribute(
    "aria-label",
    `Heat map of ${order.length} units by ${columns.length} labels, in the order of the table`,
  );
  const ctx = fitCanvas(canvas, [columns.length * cell, names + TALL]);
  const colours = themeColours();
  const small = new OffscreenCanvas(columns.length || 1, order.length);
  const pen = small.getContext("2d");
  const pixels = pen.createImageData(small.width, small.height);
  const palette = Array.from({ length: 65 }, (_, k) => rgb(colours.diverge(k / 64)));
  const none = rgb(colours.panel);
  order.forEach((unit, row) => {
    const heat = table.heat[unit];
    columns.forEach((column, k) => {
      const value = heat[column];
      const colour = value === null ? none : palette[Math.round(shareOf(value) * 64)];
      pixels.data.set([...colour, 255], 4 * (row * columns.length + k));
    });
  });
  pen.putImageData(pixels, 0, 0);
  ctx.imageSmoothingEnabled = order.length > TALL * 2;
  ctx.drawImage(small, 0, names, columns.length * cell, TALL);
  drawNames(ctx, columns, cell, names, by);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number[]} columns
 * @param {number} cell
 * @param {number} tall
 * @param {string} by
 */
function drawNames(ctx, columns, cell, tall, by) {
  const { text, dim } = themeColours();
  ctx.font = labelFont();
  ctx.textBaseline = "middle";
  const every = Math.max(1, Math.ceil((11 * typeScale()) / cell));
  columns.forEach((column, k) => {
    const isBy = by === `heat:${column}`;
    if (k % every && !isBy) return;
    ctx.save();
    ctx.translate((k + 0.5) * cell, tall - 4);
    ctx.rotate(-Math.PI / 2);
    ctx.fillStyle = isBy ? text : dim;
    ctx.fillText(columnHead(shown.table.columns[column]), 0, 0);
    ctx.restore();
  });
}

/**
 * The strip of one unit, in its row.
 * @param {HTMLCanvasElement} strip
 * @param {SurveyTable} table
 * @param {number} unit
 * @param {number[]} columns
 * @param {number} tall
 */
export function drawStrip(strip, table, unit, columns, tall) {
  const cell = cellWidth(columns.length);
  strip.style.width = `${columns.length * cell}px`;
  strip.style.height = `${tall}px`;
  const ctx = fitCanvas(strip, [columns.length * cell, tall]);
  const colours = themeColours();
  columns.forEach((column, k) => {
    const value = table.heat[unit][column];
    ctx.fillStyle = value === null ? colours.panel : colours.diverge(shareOf(value));
    ctx.fillRect(k * cell, 0, cell - (cell > 8 ? 1 : 0), tall);
  });
}

/** @param {string} hex */
const rgb = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
