/* The table of all units: a row each, of which only those in view exist. */

import { element } from "../dom/element.mjs";
import { typeScale } from "../dom/projector.mjs";
import { themeColours } from "../dom/theme.mjs";
import { virtualList } from "../dom/virtual-list.mjs";
import { unitCells } from "../lib/survey.mjs";
import { showToken } from "../lib/tokens.mjs";
import { drawStrip, heatWidth } from "./heat.mjs";

const TALL = 24; // px of a row
let /** @type {ReturnType<typeof virtualList>} */ list;
let isMore = false; // the press that is coming chooses one more
let /** @type {string} */ orderKey = null;
/** @type {{ table: SurveyTable, order: number[], columns: number[], marks: SurveyMarks }} */
let shown = null;

/** @param {(unit: number, isMore: boolean) => void} press */
export function makeRows(press) {
  list = virtualList({
    height: TALL * typeScale(),
    label: "All units",
    load: (from, limit) => Promise.resolve({ total: shown.order.length, rows: shown.order.slice(from, from + limit) }),
    fill,
    pick: (unit) => press(unit, isMore),
    onTotal: () => undefined,
  });
  list.element.classList.add("lv-survey-list");
  for (const name of ["click", "keydown"])
    list.element.addEventListener(
      name,
      (event) => {
        const { ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
        isMore = ctrlKey || metaKey || shiftKey;
      },
      { capture: true },
    );
}

export const rowsElement = () => list.element;

/**
 * Show the units in an order; what stands in view stays, unless the order changed.
 * @param {SurveyTable} table
 * @param {number[]} order
 * @param {number[]} columns
 * @param {SurveyMarks} marks
 */
export function showRows(table, order, columns, marks) {
  shown = { table, order, columns, marks };
  const now = `${order.join()} ${columns.join()}`;
  if (now !== orderKey) {
    orderKey = now;
    list.reset();
  } else mark();
}

function mark() {
  for (const node of list.element.querySelectorAll(".lv-list-row")) {
    const row = /** @type {HTMLElement} */ (node);
    markRow(row, shown.order[Number(row.dataset.index)]);
  }
}

/**
 * @param {HTMLElement} row
 * @param {number} unit
 */
function markRow(row, unit) {
  const { chosen, held } = shown.marks;
  row.setAttribute("aria-selected", String(chosen.has(unit)));
  row.classList.toggle("lv-survey-chosen", chosen.has(unit));
  row.classList.toggle("lv-list-here", held === unit);
}

/**
 * @param {HTMLElement} row
 * @param {number} unit
 */
function fill(row, unit) {
  const { table, columns } = shown;
  const cells = unitCells(table, unit);
  const strip = element("canvas", "lv-survey-strip");
  row.replaceChildren(
    cell("unit", String(unit)),
    cell("order", cells.group),
    barCell("on_rate", cells.on_rate, table.units.on_rate[unit]),
    cell("range", cells.range),
    cell("saturation", cells.saturation),
    cell("half_life", cells.half_life),
    cell("f1", cells.f1),
    cell("tokens", cells.tokens.join("  ")),
    placeCell(table, unit),
    strip,
  );
  if (columns.length && heatWidth(columns.length)) drawStrip(strip, table, unit, columns, TALL * typeScale() - 6);
  if (table.units.why[unit]) row.title = table.units.why[unit];
  else row.removeAttribute("title");
  markRow(row, unit);
}

/**
 * @param {string} key
 * @param {string} words
 */
const cell = (key, words) => element("span", `lv-survey-cell lv-survey-${key}`, words);

/**
 * @param {string} key
 * @param {string} words
 * @param {number} share
 */
function barCell(key, words, share) {
  const made = cell(key, words);
  made.style.setProperty("--lv-share", `${((share || 0) * 100).toFixed(1)}%`);
  return made;
}

/**
 * The tokens around the strongest place, coloured by the unit's value.
 * @param {SurveyTable} table
 * @param {number} unit
 */
function placeCell(table, unit) {
  const made = cell("place", "");
  const texts = table.around_tokens?.[unit];
  const [low, high] = [table.units.low[unit], table.units.high[unit]];
  const reach = Math.max(Math.abs(low ?? 0), Math.abs(high ?? 0)) || 1;
  const { diverge, ink } = themeColours();
  (texts || []).forEach((text, k) => {
    if (text === null) return;
    const ground = diverge(0.5 + (table.around[unit][k] ?? 0) / reach / 2);
    const token = element("span", "lv-survey-token", showToken(text).text);
    token.style.background = ground;
    token.style.color = ink(ground);
    made.append(token);
  });
  if (!texts && table.place[unit] >= 0) made.textContent = `step ${table.place[unit]}`;
  return made;
}
