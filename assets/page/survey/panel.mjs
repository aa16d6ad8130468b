/* All units at a glance: the three to start with in a line, and under it, unfolded, every unit as a row of a table with a heat
   map of units by labels or tokens. Press a unit for its card; several make a pattern. */

import { button, choiceList, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { grouped } from "../lib/scale.mjs";
import { percent } from "../lib/shares.mjs";
import { heatColumns, SURVEY_COLUMNS, sortedUnits, startUnits } from "../lib/survey.mjs";
import { oneLine } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { holdUnit } from "../store/colouring.mjs";
import { model } from "../store/model.mjs";
import { changeState, state } from "../store/state.mjs";
import { needSurvey, surveyAnswer } from "../store/survey.mjs";
import { drawHeat, heatElement, heatWidth, makeHeat } from "./heat.mjs";
import { makeRows, rowsElement, showRows } from "./rows.mjs";

let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ head;
let /** @type {HTMLElement} */ body;
let isOpen = false;
let by = "order";
let isDown = false;
let /** @type {"tokens" | "labels"} */ kind = "labels";
let isSeveral = false; // a press chooses a unit, in place of showing its card
const /** @type {Set<number>} */ chosen = new Set();
let drawnKey = "";
let /** @type {string} */ shownOf = null; // the dump and source of the table

export function makeSurvey() {
  place = document.getElementById(ids.survey);
  head = element("div", "lv-survey-head");
  body = element("div", "lv-survey-body");
  head.append(...headParts(null)); // as high as it will be: nothing jumps
  body.hidden = true;
  place.append(head, body);
  makeRows(press);
  makeHeat(sortBy, press);
  onFrame(["survey", "base", "selection", "units"], draw);
}

/** @returns {SurveyTable | null} */
const present = () => surveyAnswer()?.table || null;

function draw() {
  const { source, dump } = model;
  if (!source) return;
  needSurvey(dump.about.uuid, source.index, dump.about.tracks_revision);
  const key = `${dump.about.uuid} ${source.name}`;
  if (key !== shownOf) {
    shownOf = key;
    chosen.clear();
  }
  const answer = surveyAnswer();
  const now = JSON.stringify([
    key,
    answer && [answer.share, answer.error, answer.is_offered, Boolean(answer.table)],
    [isOpen, by, isDown, kind, isSeveral, [...chosen]],
    state.held,
    place.clientWidth,
    typeScale(),
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  const focused = head.contains(document.activeElement) && document.activeElement.getAttribute("data-act");
  head.replaceChildren(...headParts(answer));
  if (focused)
    /** @type {HTMLElement} */ (head.querySelector(`[data-act="${focused}"]`))?.focus({ preventScroll: true });
  body.hidden = !isOpen || !present();
  if (!body.hidden) drawTable(present());
}

/** @param {SurveyAnswer | null} answer */
function headParts(answer) {
  const fold = button(
    "lv-survey-fold",
    `${isOpen ? "▾" : "▸"} All units`,
    "Every unit of the source in a table",
    toggle,
  );
  fold.dataset.act = "fold";
  fold.setAttribute("aria-expanded", String(isOpen));
  const heading = element("h2");
  heading.append(fold);
  return [heading, ...(answer ? answerParts(answer) : [])];
}

/** @param {SurveyAnswer} answer */
function answerParts({ table, share, error, is_offered: isOffered }) {
  if (error) return [note(`The units could not be looked at: ${error}`, "lv-warn"), action("Try again", begin)];
  if (isOffered) return [action("Look at all units", begin), note("takes some seconds, once")];
  if (!table) return [note(`looking at the units … ${percent(share || 0)}`)];
  const start = startUnits(table);
  const parts = start.length ? [element("span", "lv-survey-start", "start here")] : [];
  for (const { unit, words: told } of start) {
    const words = oneLine(told);
    const named = button("lv-survey-named", "", `Unit ${unit} ${words}. Press for its card`, () =>
      holdUnit(state.source, unit),
    );
    named.dataset.act = `start-${unit}`;
    named.setAttribute("aria-pressed", String(isHeld(unit)));
    named.append(element("strong", "", String(unit)), ` ${words}`);
    parts.push(named);
  }
  return parts;
}

/** @param {number} unit */
const isHeld = (unit) => state.held?.unit === unit && state.held.source === state.source;

/**
 * @param {string} words
 * @param {string} [more]
 */
const note = (words, more) => element("span", `lv-bar-note ${more || ""}`, words, { role: "status" });

/**
 * @param {string} words
 * @param {() => void} act
 */
function action(words, act) {
  const made = button("lv-link", words, words, act);
  made.dataset.act = words;
  return made;
}

function begin() {
  const { source, dump } = model;
  needSurvey(dump.about.uuid, source.index, dump.about.tracks_revision, true);
  redraw("survey");
}

function toggle() {
  isOpen = !isOpen;
  if (isOpen && surveyAnswer()?.is_offered) begin();
  redraw("survey");
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
  const { units } = present();
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
export function inspectSurvey() {
  const table = present();
  return {
    isOffered: Boolean(surveyAnswer()?.is_offered),
    problem: surveyAnswer()?.error || null,
    isOpen,
    table,
    order: table && sortedUnits(table, by, isDown),
    start: [...head.querySelectorAll(".lv-survey-named")].map((node) => node.textContent),
    rows: [...body.querySelectorAll(".lv-list-row")].map((node) => node.textContent),
    chosen: [...chosen],
  };
}
