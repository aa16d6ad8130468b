/* How many matches there are, each count a button that lists those with that many units on. */

import { button, element } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { countLevels, tookWords } from "../lib/listing.mjs";
import { grouped } from "../lib/scale.mjs";
import { hasQuestion } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { isCounting, matchAnswer } from "../store/matches.mjs";
import { changeState, state } from "../store/state.mjs";
import { isSummaryLate } from "../store/summary.mjs";
import { drawRegionCounts } from "./region.mjs";

const SHOWN = 3; // counts in the line; the others are in a menu
let /** @type {HTMLElement} */ place;
let /** @type {Menu} */ menu;

export function makeCounts() {
  place = document.getElementById(ids.counts);
  const held = element("span", "lv-counts-more");
  menu = makeMenu(held, { words: "more", title: "Matches with fewer of the units on", fill });
  menu.button.className = "lv-link";
}

/**
 * A line of words in the place of the counts; `more`: an element after it.
 * @param {string} words
 * @param {string} [className]
 * @param {Node} [more]
 */
export function sayCounts(words, className, more) {
  place.className = `lv-counts ${className || ""}`;
  place.replaceChildren(words, ...(more ? [" ", more] : []));
}

export function drawCounts() {
  const answer = matchAnswer();
  if (answer.region) return drawRegionCounts(place, answer);
  const { whole } = answer.question;
  const isPut = hasQuestion(answer.question);
  if (!isPut || !answer.n_units) return sayCounts(isPut ? "nothing to look for: no unit is selected" : "");
  const levels = countLevels(answer);
  const parts = levels.slice(0, SHOWN).flatMap((level, k) => [...(k ? [" · "] : []), ...count(level, k === 0)]);
  if (levels.length > SHOWN) parts.push(" · ", menu.whole.parentElement);
  if (isCounting()) parts.push(isSummaryLate() ? " · counting …" : "");
  else parts.push(...counted(answer, levels), ...limit(answer, whole.shared));
  place.className = "lv-counts";
  place.replaceChildren(...parts);
}

/**
 * The line once no more counts come.
 * @param {MatchAnswer} answer
 * @param {ReturnType<typeof countLevels>} levels
 * @returns {(string | HTMLElement)[]}
 */
function counted(answer, levels) {
  const none = [element("strong", "", "No matches"), ` with ${plural(answer.n_units, "unit")}`];
  const lower = answer.complete === false ? " · lower levels not counted" : "";
  return [...(levels.length ? [] : none), `${lower} · ${tookWords(answer.ms)}`];
}

/**
 * One count: a button, and what it counts.
 * @param {ReturnType<typeof countLevels>[number]} level
 * @param {boolean} isFirst
 * @returns {(string | HTMLElement)[]}
 */
function count(level, isFirst) {
  const { shared, exact } = state;
  const isOn = exact && shared === level.shared;
  const words = isFirst ? level.strong : `${level.strong} ${level.words}`;
  const made = button(
    `lv-count${isFirst ? " lv-count-first" : ""}`,
    words,
    isOn ? "List all matches again" : `List only the ${plural(level.total, "match")} ${level.words}`,
    () => choose(isOn ? null : level.shared, true),
  );
  made.setAttribute("aria-pressed", String(isOn));
  made.dataset.shared = String(level.shared);
  return isFirst ? [made, ` ${level.words}`] : [made];
}

/**
 * Says so if only a part of them is listed, with a button for all.
 * @param {MatchAnswer} answer
 * @param {number} shared
 * @returns {(string | HTMLElement)[]}
 */
function limit(answer, shared) {
  const from = answer.shared_from;
  const { exact } = answer.question;
  if (!from || (from <= 1 && !exact)) return [];
  const listed = answer.n_listed === null ? "" : `${grouped(answer.n_listed)} `;
  const words = from === answer.n_units ? `with all ${from}` : `with ${from}${exact ? "" : " or more"}`;
  const all = button(
    "lv-link",
    "list all",
    "List matches with fewer units too; in a long corpus this may take some seconds",
    () => choose(shared === null ? 1 : null),
  );
  return [element("span", "lv-limit", ` · listed: ${listed}${words} `), all];
}

/** @param {HTMLElement} panel */
function fill(panel) {
  const list = element("div", "lv-pick-list");
  for (const level of countLevels(matchAnswer()).slice(SHOWN)) list.append(...count(level, false));
  list.addEventListener("click", () => menu.close());
  panel.append(element("p", "lv-panel-head", "Matches"), list);
}

/**
 * @param {number | null} shared
 * @param {boolean} [exact]
 */
function choose(shared, exact = false) {
  changeState({ shared, exact: exact && shared !== null }, "settle");
}
