/* What the cards share. A card has a head that folds it, and a body that it fills itself. */

import { textWidth } from "../dom/cell-text.mjs";
import { button, element, targetOf } from "../dom/element.mjs";
import { redraw, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { labelFont } from "../dom/theme.mjs";
import { clamp, hasQuestion } from "../lib/url.mjs";
import { matchAnswer } from "../store/matches.mjs";
import { state } from "../store/state.mjs";
import { askSummary, isSummaryLate, summaryAnswer } from "../store/summary.mjs";

const WIDTH = { least: 180, most: 300 }; // px of a drawing
/** @type {Card[]} */
export const cards = [];

/**
 * A card in its place: {body, tools, title, width(), fold(isFolded), isFolded(), isPressed()}.
 * @param {string} id
 * @param {string} title
 */
export function makeCard(id, title) {
  const place = document.getElementById(id);
  const head = element("div", "lv-card-head");
  const tools = element("div", "lv-card-tools");
  const body = element("div", "lv-card-body", "", { id: `${id}-body` });
  const heading = element("h2");
  const button = element("button", "lv-card-title", title, { type: "button", "aria-controls": body.id });
  heading.append(button);
  head.append(heading, tools);
  place.append(head, body);
  let wide = 0; // known until the window changes: to ask for it each time would lay the page out each time
  const measure = () => (wide = 0);
  /** @param {boolean} isFolded */
  const fold = (isFolded) => {
    measure();
    place.classList.toggle("lv-folded", isFolded);
    button.setAttribute("aria-expanded", String(!isFolded));
    if (!isFolded) redrawAll(); // what was not seen was not drawn to its width
  };
  button.addEventListener("click", () => fold(!isFolded()));
  const isFolded = () => place.classList.contains("lv-folded");
  const width = () => (wide = wide || clamp(body.clientWidth, WIDTH.least, WIDTH.most));
  const made = { place, body, tools, title: button, fold, isFolded, measure, width, isPressed: watchPress(body) };
  cards.push(made);
  return made;
}

/**
 * Is a button of a card held down? What is drawn anew meanwhile would not hear that it is let go.
 * @param {HTMLElement} body
 * @returns {() => boolean}
 */
function watchPress(body) {
  let isPressed = false;
  body.addEventListener("pointerdown", (event) => (isPressed = Boolean(targetOf(event).closest("button"))));
  const release = () => {
    if (isPressed) redraw("carry", "card", "lengths", "ablation"); // what came meanwhile
    isPressed = false;
  };
  for (const end of ["pointerup", "pointercancel", "blur"]) window.addEventListener(end, release);
  return () => isPressed;
}

/**
 * The room for names beside their bars, in CSS.
 * @param {string[]} names
 */
export function nameWidth(names) {
  const widest = Math.max(0, ...names.map((name) => textWidth(name, labelFont())));
  return `${clamp(Math.ceil(widest) + 4, 16, 124 * typeScale())}px`;
}

/**
 * A sentence in the place of what a card shows.
 * @param {string} words
 * @param {string} [kind]
 */
export function hint(words, kind) {
  return element("p", `lv-card-note ${kind || ""}`, words);
}

/**
 * What failed and why, and a button that tries again.
 * @param {string} what
 * @param {string} why
 * @param {() => void} again
 */
export function failed(what, why, again) {
  const line = hint(`${what}: ${why}${/[.?!]$/.test(why) ? "" : "."} `, "lv-warn");
  line.append(button("lv-link", "Try again", "Ask the server again", again));
  return line;
}

/**
 * What a card about the matches shows where there is nothing to show: a hint or what failed; else null.
 * @param {string} what
 */
export function noSummary(what) {
  const { lasso } = state;
  const answer = summaryAnswer();
  if (!lasso && !hasQuestion(state)) return hint(what);
  if (answer?.error)
    return failed("The matches could not be summarised", answer.error, () => askSummary(matchAnswer().question.whole));
  if (answer && !answer.n_units && !answer.is_region) return hint("No unit is selected: there is nothing to match.");
  if (answer) return null;
  return hint(isSummaryLate() ? "Counting …" : "");
}

/* While counting takes long, the cards are grey: they show the matches of before. */
export function watchSummary() {
  const isStale = isSummaryLate() && summaryAnswer() !== null;
  for (const name of ["carry", "lengths"]) document.getElementById(ids[name]).classList.toggle("lv-stale", isStale);
}
