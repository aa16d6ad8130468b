/* All units at a glance: the three to start with in a line, and under it, unfolded, the table of every unit, which comes with
   the first press. */

import { button, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { percent } from "../lib/shares.mjs";
import { startUnits } from "../lib/survey.mjs";
import { oneLine } from "../lib/tokens.mjs";
import { holdUnit } from "../store/colouring.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { needSurvey, surveyAnswer } from "../store/survey.mjs";

let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ head;
let /** @type {HTMLElement} */ body;
let isOpen = false;
let drawnKey = "";

export const isSurveyOpen = () => isOpen;
export const surveyBody = () => body;

export function makeSurvey() {
  place = document.getElementById(ids.survey);
  head = element("div", "lv-survey-head");
  body = element("div", "lv-survey-body");
  head.append(...headParts(null)); // as high as it will be: nothing jumps
  body.hidden = true;
  place.append(head, body);
  onFrame(["survey", "base", "selection", "units"], draw);
}

/** @returns {SurveyTable | null} */
export const presentTable = () => surveyAnswer()?.table || null;

function draw() {
  const { source, dump } = model;
  if (!source) return;
  needSurvey(dump.about.uuid, source.index, dump.about.tracks_revision);
  const answer = surveyAnswer();
  const now = JSON.stringify([
    [dump.about.uuid, source.name],
    answer && [answer.share, answer.error, answer.is_offered, Boolean(answer.table)],
    isOpen,
    state.held,
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  const focused = head.contains(document.activeElement) && document.activeElement.getAttribute("data-act");
  head.replaceChildren(...headParts(answer));
  if (focused)
    /** @type {HTMLElement} */ (head.querySelector(`[data-act="${focused}"]`))?.focus({ preventScroll: true });
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
export const note = (words, more) => element("span", `lv-bar-note ${more || ""}`, words, { role: "status" });

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

/* For tests. */
export function inspectSurvey() {
  return {
    isOffered: Boolean(surveyAnswer()?.is_offered),
    problem: surveyAnswer()?.error || null,
    isOpen,
    table: presentTable(),
    start: [...head.querySelectorAll(".lv-survey-named")].map((node) => node.textContent),
  };
}
