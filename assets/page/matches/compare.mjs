/* A pattern pinned as A, beside the present one as B: what each is and finds, which of them the table lists, what they share. */

import { button, choiceList, element, focusedIn } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { barePattern, movedPattern } from "../lib/pattern-edit.mjs";
import { questionLine } from "../lib/questions.mjs";
import { grouped, thresholdText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { askedFields, hasQuestion, patternKey } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { matchAnswer, matchesTold } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { openSource, showDump } from "../store/open.mjs";
import { isListed, pinned, pinnedFile } from "../store/pinned-pattern.mjs";
import { askServer } from "../store/request.mjs";
import { changeState, state } from "../store/state.mjs";
import { panTo } from "../store/view.mjs";
import { aloneButton, aloneList, lengthsPicture, metBar, stepsBar } from "./compare-picture.mjs";

const FEW = 8; // units named
let /** @type {string} */ alone = null; // the one, A or B, whose own matches are listed
let /** @type {HTMLElement} */ place;
let /** @type {HTMLButtonElement} */ pin;
let /** @type {Menu} */ menu;
let /** @type {{ key: string, answer?: any, problem?: string }} */ given = null; // {key, answer | problem} of the last comparison
let /** @type {string} */ asked = null; // key of the one that is on its way
const line = questionLine();

export function makeCompare() {
  place = document.getElementById(ids.compare);
  pin = button("lv-menu-button lv-pin", "Pin as A", "Keep this pattern as A, to compare it with the next one", keep);
  document.getElementById(ids.matchHand).append(pin);
  matchesTold.on((what) => what === "shown" && refreshComparison());
  onFrame("selection", draw);
  onFrame("compare", draw);
}

function keep() {
  const answer = matchAnswer();
  if (!answer?.pattern || !answer.n_units)
    return notify("pattern", "There is no pattern to pin: brush a window that selects units first.");
  clearNotice("pattern");
  changeState(
    { versus: { dump: answer.question.dump, name: model.dump.about.name, pattern: answer.pattern }, lists: null },
    "push",
  );
  refreshComparison();
}

function drop() {
  changeState({ versus: null, lists: null }, "push");
  /** @type {HTMLElement} */ (document.getElementById(ids.matchHand).lastElementChild).focus();
}

/**
 * List A or B. A of another recording is opened there, and what was B is kept in its place.
 * @param {string} which
 */
function list(which) {
  const a = pinned();
  if (which === "B" || a.dump === state.dump) return changeState({ lists: which === "A" ? "A" : null }, "settle");
  const answer = matchAnswer();
  const swapped = answer?.n_units ? { dump: state.dump, name: model.dump.about.name, pattern: answer.pattern } : a;
  const { source } = JSON.parse(a.pattern).pattern.units[0] || {};
  return showDump(a.dump, { source, pattern: a.pattern, versus: swapped }, "push", []);
}

function isPut() {
  return hasQuestion(state);
}

function keyOf() {
  return JSON.stringify([
    barePattern(pinned().pattern),
    pinned().dump,
    patternKey(state),
    state.minLength,
    state.maxLength,
  ]);
}

/**
 * Ask the server to compare, where that is a new question.
 * @param {boolean} [isAgain]
 */
export async function refreshComparison(isAgain) {
  if (!pinned()) return;
  const key = keyOf();
  if (!isAgain && (key === asked || (given && given.key === key))) return;
  asked = key;
  const { dump, source } = state;
  const first = { dump: pinned().dump, source, pattern: pinned().pattern };
  const question = { first, second: isPut() ? askedFields(state) : first };
  const reply = await line.ask(
    (signal) => askServer(`d/${dump}/compare`, question, { signal }),
    () => redraw("compare"),
  );
  if (!reply) return; // another one is wanted by now
  given = reply.error ? { key, problem: reply.error.message } : { key, answer: reply.answer };
  asked = null;
  redraw("compare");
}

let drawnKey = "";

function draw() {
  if (!model.source || !place) return;
  const { held, ...present } = state;
  const now = pinned()
    ? JSON.stringify([pinned(), present.lists, given?.key, given?.problem, asked, isPut(), present.dump, alone])
    : "";
  if (now === drawnKey) return;
  drawnKey = now;
  if (menu?.isOpen()) menu.close();
  if (!pinned()) return place.replaceChildren();
  const active = focusedIn(place)?.dataset.list;
  const known = given?.answer;
  const rows = [row("A", known?.first, known), row("B", known && isPut() ? known.second : null, known)];
  const overlap = known?.both && isPut() ? [stepsBar(known.both)] : [];
  const isOpen = overlap.length > 0 && alone !== null;
  place.replaceChildren(...rows, ...overlap, foot(known), ...(isOpen ? [listAlone(known.only)] : []));
  place.classList.toggle("lv-stale", asked !== null && given !== null && given.key !== keyOf());
  const again = active && place.querySelector(`[data-list="${active}"]`);
  if (again) again.focus();
}

/**
 * @param {string} which
 * @param {Compared} side
 * @param {any} known
 */
function row(which, side, known) {
  const whole = element("div", "lv-compare-row");
  whole.dataset.side = which;
  const isOn = isListed() === (which === "A");
  const isAway = which === "A" && pinned().dump !== state.dump;
  const letter = button(
    "lv-compare-letter",
    which,
    isAway ? "Open A in its own recording, with B pinned" : `List the matches of ${which}`,
    () => list(which),
  );
  letter.dataset.list = which;
  letter.setAttribute("aria-pressed", String(isOn));
  whole.append(letter);
  if (!side) {
    const words =
      which === "B" && !isPut()
        ? "brush a window, or change threshold, source or recording: the next pattern is B"
        : "…";
    whole.append(element("span", "lv-compare-words lv-hint", words));
    return whole;
  }
  const isOther = isAway || side.dump !== state.dump;
  const words = `${isOther ? `${showToken(side.name).text} · ` : ""}${units(side)} · ${constraints(side)}`;
  const count = element("div", "lv-compare-count");
  const number = element("span", "lv-compare-words lv-strong", plural(side.n_matches, "match"));
  const both = isPut() ? known.both : null;
  const met = both && (which === "A" ? both.n_first_met : both.n_second_met);
  if (both) {
    number.append(element("span", "lv-hint", ` ${grouped(met)} meet ${which === "A" ? "B" : "A"}'s`));
    count.append(metBar(which, side.n_matches, met, Math.max(both.n_first, both.n_second)));
  }
  count.prepend(number);
  const long = element("div", "lv-compare-lengths", "", { title: lengths(side) });
  long.append(lengthsPicture(which, side, [known.first, ...(isPut() ? [known.second] : [])]));
  long.append(element("span", "lv-compare-words", lengths(side)));
  whole.append(element("span", "lv-compare-words lv-compare-what", words), count, long);
  return whole;
}

/**
 * The matches in only one of them. Those of a recording that is not shown lead nowhere here.
 * @param {Record<string, Alone>} only
 */
function listAlone(only) {
  const isFirst = alone === "A";
  const isHere = !isFirst || pinned().dump === state.dump;
  const go = isHere
    ? (/** @type {Hit} */ one) => panTo(Math.round((one.start + one.stop - state.span) / 2), "push")
    : null;
  return aloneList(alone, isFirst ? only.first : only.second, go);
}

/** @param {string} which */
function toggleAlone(which) {
  alone = alone === which ? null : which;
  redraw("compare");
}

/**
 * "4 units of l1.c: 15, 18, −45, 49 at 0.3"
 * @param {Compared} side
 */
function units({ units: all, n_units: count }) {
  const sources = [...new Set(all.map((one) => one.source))];
  const names = all
    .slice(0, FEW)
    .map((one) => `${one.side === "low" ? "−" : ""}${one.unit}`)
    .join(", ");
  const cuts = [...new Set(all.map((one) => Math.abs(one.threshold)))].map((value) => thresholdText(value, 0.01));
  const at = cuts.length > 3 ? `${cuts.length} thresholds` : cuts.join(", ");
  return count
    ? `${plural(count, "unit")} of ${sources.map((name) => showToken(name).text).join(", ")}: ${names}${count > FEW ? " …" : ""} at ${at}`
    : "no unit";
}

/** @param {Compared} side */
function constraints({ off_before: before, off_after: after }) {
  return `off ${before} before, ${after} after`;
}

/** @param {Compared} side */
function lengths({ lengths: span }) {
  if (!span) return "";
  const [least, middle, most] = span;
  return least === most ? `${plural(least, "step")} long` : `${least} to ${most} steps, median ${middle}`;
}

/**
 * What both share, in a sentence, and what can be done.
 * @param {any} known
 */
function foot(known) {
  const whole = element("div", "lv-compare-row lv-compare-foot");
  const words = element("span", "lv-compare-words", "", { role: "status" });
  if (given?.problem) {
    words.classList.add("lv-warn");
    words.append(
      `The two cannot be compared: ${given.problem} `,
      button("lv-link", "Try again", "Ask the server again", () => refreshComparison(true)),
    );
  } else if (known && isPut())
    words.textContent = known.both ? shared(known.both) : `Their matches cannot be compared: ${known.why}.`;
  const actions = element("span", "lv-compare-actions");
  if (known?.both && isPut())
    for (const [which, name] of [
      ["A", "first"],
      ["B", "second"],
    ]) {
      const only = aloneButton(which, known.only[name], alone === which, () => toggleAlone(which));
      only.dataset.list = `only ${which}`; // the keyboard comes back to it
      actions.append(only);
    }
  menu = makeMenu(actions, {
    words: "A's units as B",
    title: "Look for A's units here, at another threshold or on another source",
    fill,
  });
  menu.button.classList.add("lv-menu-down");
  actions.append(button("lv-card-close", "×", "Let go of A", drop));
  whole.append(words, actions);
  return whole;
}

/** @param {any} both */
function shared(both) {
  const one = `${grouped(both.n_first_met)} of A's ${grouped(both.n_first)} matches overlap one of B's`;
  const two = `${grouped(both.n_second_met)} of B's ${grouped(both.n_second)} one of A's`;
  return `${one}, ${two}; ${grouped(both.n_same)} are the same. ${plural(both.n_both_steps, "step")} in both, ${grouped(both.n_first_steps)} in A's, ${grouped(both.n_second_steps)} in B's.`;
}

/**
 * The same units at another threshold, another source, in the recording that is shown.
 * @param {HTMLElement} panel
 */
function fill(panel) {
  const { units: all } = pinnedFile().pattern;
  const most = Math.max(-1, ...all.map((one) => one.unit));
  const sources = model.dump.about.sources.filter((one) => one.axis === model.axis.index && one.n_units > most);
  const here = new Set(model.dump.about.sources.map((one) => one.name));
  const own = all.every((one) => here.has(one.source)) ? [["", "their own source"]] : [];
  let source = own.length || !sources.length ? "" : sources[0].name;
  const form = element("form", "lv-panel-row");
  const input = element("input", "lv-input", "", {
    type: "text",
    inputmode: "decimal",
    "aria-label": "Threshold of every unit",
    title: "Threshold of every unit",
  });
  input.value = String(all.length ? Math.abs(all[0].threshold) : state.threshold);
  form.append(
    element("span", "lv-panel-note", "threshold"),
    input,
    choiceList(
      "Source of the units",
      [...own, ...sources.map((one) => [one.name, showToken(one.name).text])],
      source,
      (name) => (source = name),
    ),
    element("button", "lv-button", "Look", { type: "submit" }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const threshold = Number(input.value);
    if (input.value.trim() === "" || !Number.isFinite(threshold) || (!own.length && !source)) return input.select();
    menu.close();
    look(movedPattern(pinnedFile(), threshold, source));
  });
  panel.append(element("p", "lv-panel-head", "A's units as B"), form);
}

/** @param {PatternFile} pattern */
function look(pattern) {
  changeState({ pattern: JSON.stringify(pattern), start: null, stop: null, lists: null }, "push");
  const [unit] = pattern.pattern.units;
  if (unit && !pattern.pattern.units.some((one) => one.source === state.source)) openSource(unit.source);
}

/* For tests. */
export function inspectCompare() {
  return { given, isListed: isListed(), isPending: asked !== null };
}
