/* Every unit as a row of a table, with a heat map of units by labels or tokens. Press a unit for its card; several make a pattern. */

import { button, choiceList, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { typeScale } from "../dom/projector.mjs";
import { grouped } from "../lib/scale.mjs";
import { heatColumns, SURVEY_COLUMNS, sortedUnits } from "../lib/survey.mjs";
import { plural } from "../lib/words.mjs";
import { holdUnit } from "../store/colouring.mjs";
import { model } from "../store/model.mjs";
import { changeState, state } from "../store/state.mjs";
import { drawHeat, heatElement, heatWidth, makeHeat } from "./heat.mjs";
import { isSurveyOpen, note, presentTable, surveyBody } from "./panel.mjs";
import { makeRows, rowsElement, showRows } from "./rows.mjs";

let /** @type {HTMLElement} */ body;
let by = "order";
let isDown = false;
let /** @type {"tokens" | "labels"} */ kind = "labels";
let isSeveral = false; // a press chooses a unit, in place of showing its card
const /** @type {Set<number>} */ chosen = new Set();
let drawnKey = "";
let /** @type {string} */ shownOf = null; // the dump and source of the table

/* Returns what tests ask of it. */
export function makeSurveyTable() {
  body = surveyBody();
  makeRows(press);
  makeHeat(sortBy, press);
  onFrame(["survey", "base", "selection", "units"], draw);
  return { inspectSurveyTable };
}

function draw() {
  const { source, dump } = model;
  if (!source) return;
  const key = `${dump.about.uuid} ${source.name}`;
  if (key !== shownOf) {
    shownOf = key;
    chosen.clear();
  }
  const table = presentTable();
  const now = JSON.stringify([
    key,
    Boolean(table),
    [isSurveyOpen(), by, isDown, kind, isSeveral, [...chosen]],
    state.held,
    body.parentElement.clientWidth,
    typeScale(),
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  body.hidden = !isSurveyOpen() || !table;
  if (!body.hidden) drawTable(table);
}

/** @param {SurveyTable} table */
function drawTable(table) {
  if (!heatColumns(table, kind).length) kind = kind === "labels" ? "tokens" : "labels";
  const columns = heatColumns(table, kind);
  const order = sortedUnits(table, by, isDown);
  if (!body.firstChild)
    body.append(
      element("div", "lv-survey-tools"),
      element("div", "lv-survey-columns"),
      element("div", "lv-survey-rows"),
    );
  const [tools, columnHeads, rows] = /** @type {HTMLElement[]} */ ([...body.children]);
  const focused = body.contains(document.activeElement) && document.activeElement.getAttribute("data-act");
  tools.replaceChildren(...toolParts(table));
  columnHeads.replaceChildren(...columnButtons(), heatElement());
  if (!rows.firstChild) rows.append(rowsElement());
  body.style.setProperty("--lv-heat-width", `${heatWidth(columns.length)}px`);
  drawHeat(table, order, columns, by);
  showRows(table, order, columns, {
    chosen,
    isSeveral,
    held: state.held?.source === state.source ? state.held.unit : null,
  });
  if (focused)
    /** @type {HTMLElement} */ (body.querySelector(`[data-act="${focused}"]`))?.focus({ preventScroll: true });
}

/** @param {SurveyTable} table */
function toolParts(table) {
  const words =
    table.n_looked < table.n_steps
      ? `${plural(table.n_units, "unit")}, looked at on ${grouped(table.n_looked)} of ${grouped(table.n_steps)} steps`
      : plural(table.n_units, "unit");
  const parts = [note(words)];
  if (heatColumns(table, "labels").length && heatColumns(table, "tokens").length) {
    const choice = choiceList(
      "The columns of the heat map",
      [
        ["labels", "heat: labels"],
        ["tokens", "heat: tokens"],
      ],
      kind,
      (value) => {
        kind = /** @type {"tokens" | "labels"} */ (value);
        if (by.startsWith("heat:")) [by, isDown] = ["order", false];
        redraw("survey");
      },
    );
    choice.dataset.act = "kind";
    parts.push(choice);
  }
  const several = button(
    "lv-menu-button",
    "choose several",
    "Press units to choose them, in place of showing their cards (or Ctrl and press)",
    () => {
      isSeveral = !isSeveral;
      redraw("survey");
    },
  );
  several.dataset.act = "several";
  several.setAttribute("aria-pressed", String(isSeveral));
  several.classList.toggle("lv-menu-on", isSeveral);
  parts.push(several);
  if (chosen.size) {
    const make = button(
      "lv-button",
      `Make ${plural(chosen.size, "unit")} the pattern`,
      "The units, each at the side and threshold of its best label, take the place of the brush",
      makePattern,
    );
    make.dataset.act = "make";
    const none = button("lv-link", "Choose none", "Choose no unit", () => {
      chosen.clear();
      redraw("survey");
    });
    none.dataset.act = "none";
    parts.push(make, none);
  }
  return parts;
}

function columnButtons() {
  return SURVEY_COLUMNS.map(([key, words, title]) => {
    const isBy = by === key;
    const made = button(
      `lv-survey-column lv-survey-${key}`,
      `${words}${isBy ? (isDown ? " ↓" : " ↑") : ""}`,
      `${title}. Press to sort by it`,
      () => sortBy(key),
    );
    made.dataset.act = `sort-${key}`;
    made.setAttribute("aria-pressed", String(isBy));
    return made;
  });
}

/** @param {string} key */
function sortBy(key) {
  const first = SURVEY_COLUMNS.find(([one]) => one === key)?.[3] ?? true;
  [by, isDown] = by === key ? [by, !isDown] : [key, first];
  redraw("survey");
}

/**
 * A unit is pressed.
 * @param {number} unit
 * @param {boolean} isMore
 */
function press(unit, isMore) {
  if (!isMore && !isSeveral) return holdUnit(state.source, unit);
  if (!chosen.delete(unit)) chosen.add(unit);
  redraw("survey");
}

/* The chosen units take the place of the brush, each on the side and at the threshold of its best label. */
function makePattern() {
  const { units } = presentTable();
  const pinned = [...chosen].map((unit) => ({
    source: state.source,
    unit,
    side: /** @type {"high" | "low"} */ (units.side[unit] || "high"),
    threshold: units.threshold[unit] ?? 0.3,
  }));
  chosen.clear();
  isSeveral = false;
  changeState({ start: null, stop: null, pattern: null, typed: null, lasso: null, excluded: [], pinned }, "push");
}

/* For tests. */
function inspectSurveyTable() {
  const table = presentTable();
  return {
    order: table && sortedUnits(table, by, isDown),
    rows: [...body.querySelectorAll(".lv-list-row")].map((node) => node.textContent),
    chosen: [...chosen],
  };
}
