/* What is typed in the box is run through the model beside the dump, drawn under the corpus and brushed like it. */

import { button, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { alignTokens, isEdit, movedWindow } from "../lib/token-align.mjs";
import { oneLine } from "../lib/tokens.mjs";
import { isLinked } from "../lib/url.mjs";
import { carriable, carryOver } from "../store/held-units.mjs";
import { isInfluencePending } from "../store/influence.mjs";
import { model } from "../store/model.mjs";
import { changeState, nudgeState, state } from "../store/state.mjs";
import {
  answerToText,
  isTypedLate,
  isTypedPending,
  isTypedWaiting,
  needTyped,
  textAnswered,
} from "../store/typed-data.mjs";
import { askedTexts, sourcesOfText, textProblem, typing } from "../store/typed-text.mjs";
import { countUnits, typedAnswer } from "./answer.mjs";
import { makeTypedBrush } from "./brush.mjs";
import { typedDifference } from "./diff.mjs";
import { isBarred, isTypedOpen, showWhole, typedPlaces } from "./fold.mjs";
import { drawHeldLine, heldWords, makeHeldLine } from "./held.mjs";
import { drawLegend, influenceGrounds, makeInfluence } from "./influence.mjs";
import { drawTypedBase, drawTypedOverlay, makeTypedPlot, typedX } from "./plot.mjs";
import { drawTypedStrip, makeTypedStrip, TOKEN } from "./strip.mjs";
import { exampleWords, typedSummary, unknownWords } from "./words.mjs";

const STANDS = 700; // ms without a key, after which a text is at rest: later edits are compared with it
let /** @type {TypedPlaces} */ places;
let /** @type {HTMLTextAreaElement} */ box;
let /** @type {HTMLElement} */ note;
let /** @type {HTMLElement} */ problem;
let /** @type {HTMLElement} */ status;
let /** @type {HTMLElement & Record<"keep" | "forget" | "carry" | "shade", HTMLButtonElement>} */ tools;

let /** @type {string} */ mine = null; // the text as it was typed here
let /** @type {string} */ stood = null; // the last text at which no key came for a while
let /** @type {ReturnType<typeof setTimeout>} */ resting = null;

let /** @type {{ put: State["typed"], start: number, stop: number, tokens: string[] }} */ origin = null; // of the window on the text, where it was when the text last stood

let /** @type {number} */ typedAt = null; // when a key was pressed that is not drawn yet
const /** @type {number[]} */ drawn = []; // from a key to its states drawn, ms

/* Returns what tests ask of it. */
export function makeTyped() {
  tools = /** @type {typeof tools} */ (element("span", "lv-typed-tools"));
  const keep = button("lv-link", "Keep as before", "Keep this text, to compare later edits with it", () =>
    changeState({ was: state.text, carried: null }, "push"),
  );
  const forget = button("lv-link", "Forget before", "Compare with nothing", () =>
    changeState({ was: null, carried: null }, "push"),
  );
  const carry = button("lv-link", "Carry over from before", "", carryOver);
  const shade = button(
    "lv-link",
    "Influence",
    "Shade the tokens by what each of them changes in the units at the token that is pointed at",
    () => changeState({ influence: !state.influence }, "settle"),
  );
  tools.append(shade, carry, keep, forget);
  Object.assign(tools, { keep, forget, carry, shade });
  const { head, body, box: given } = typedPlaces();
  box = given;
  box.setAttribute("aria-describedby", "lv-typed-note");
  box.addEventListener("input", typed);
  note = element("p", "lv-typed-note", "", { id: "lv-typed-note" });
  problem = element("p", "lv-typed-note lv-warn", "", { role: "alert" });
  status = element("p", "lv-unseen", "", { role: "status" });
  const plot = element("div", "lv-typed-plot");
  const strip = element("div", "lv-typed-strip", "", { role: "application", tabindex: "0" });
  strip.setAttribute(
    "aria-label",
    "Tokens of your text. Drag to brush a window. By keyboard: Enter makes a window, left and right arrows move it, with Shift they move its end, Escape clears it.",
  );
  const scroller = element("div", "lv-typed-scroll", "", { tabindex: "-1" });
  scroller.append(element("div"));
  for (const part of [scroller, tools]) part.hidden = true; // until they are drawn
  head.append(tools);
  body.append(note, problem, status);
  makeHeldLine(body);
  body.append(plot, strip, scroller);
  makeInfluence(body);
  places = { body, plot, strip, scroller };
  makeTypedPlot(places);
  makeTypedStrip(places);
  makeTypedBrush(places);
  for (const name of /** @type {const} */ (["plot", "strip"]))
    new ResizeObserver(() => redraw("typed")).observe(places[name]);
  textAnswered.on(arrived);
  onFrame(["base", "overlay", "strip", "typed"], draw);
  showWhole();
  if (box.value && isTypedOpen()) typed(); // somebody was faster than this module
  return { inspectTyped, isTypedReady, typedAnswer };
}

/* A key was pressed in the box. */
function typed() {
  const text = box.value.toWellFormed ? box.value.toWellFormed() : box.value; // a lone surrogate is replaced
  if (typedAt === null) typedAt = performance.now();
  const /** @type {Changes} */ changes = { text };
  if (state.was === null && stood && isEdit(stood, text)) changes.was = stood;
  if (text === "") changes.typed = null;
  mine = text;
  rest();
  nudgeState(changes);
  need();
  follow();
}

function rest() {
  clearTimeout(resting);
  resting = setTimeout(() => {
    stood = state.text;
    origin = null;
    status.textContent = [unknownWords(), typedSummary()].filter(Boolean).join(" ");
  }, STANDS);
}

function need() {
  if (!isTypedOpen() || !model.source || isBarred()) return;
  needTyped(model.dump, askedTexts(), sourcesOfText(model));
}

/* An answer came, or failed. */
function arrived() {
  follow();
  if (model.source && isTypedOpen()) need();
  redraw("typed", ...(state.typed ? ["overlay", "strip", "units", "selection"] : []));
}

/* A window of the text that was brushed goes along to what the text is now: from where it was when the text last stood,
   so that it does not matter which of the texts between were seen. */
function follow() {
  const { text, typed: window_ } = state;
  if (!window_ || !text || window_.text === text || !model.source) return;
  const [from, to] = [window_.text, text].map((one) => answerToText(model.dump, one, []));
  if (from && (!origin || origin.put !== window_))
    origin = { put: window_, start: window_.start, stop: window_.stop, tokens: from.tokens };
  if (!origin || origin.put !== window_ || !to) return;
  const place = movedWindow(alignTokens(origin.tokens, to.tokens), origin.start, origin.stop);
  origin.put = place && { text, start: place[0], stop: place[1] };
  nudgeState({ typed: origin.put });
}

function draw() {
  if (!model.source) return;
  if (state.text !== mine) {
    mine = stood = state.text; // from a link, or by undo
    if (box.value !== (mine || "")) box.value = mine || "";
  }
  const isShown = isTypedOpen() && !isBarred();
  tools.hidden = !isShown;
  if (!isShown) return;
  need();
  model.refresh();
  offerTools();
  tell();
  drawHeldLine();
  drawTypedBase();
  drawTypedOverlay();
  drawTypedStrip();
  drawLegend(typedAnswer());
  measure();
}

function offerTools() {
  const { text, was, influence } = state;
  const { what, why } = carriable();
  tools.keep.disabled = !text || text === was;
  tools.forget.disabled = was === null;
  tools.carry.disabled = what === null;
  tools.carry.title =
    why || "Give the pattern's units the values that they have in the text before, at the same tokens";
  tools.shade.setAttribute("aria-pressed", String(influence));
}

function tell() {
  const why = textProblem(model);
  const words = why ? `${oneLine(why)}${/[.?!]$/.test(why) ? "" : "."}` : "";
  if (problem.textContent !== words) problem.textContent = words;
  const isLate = isTypedLate();
  const parts = why
    ? []
    : [
        unknownWords(),
        typedSummary(),
        isTypedWaiting()
          ? "The model runs for somebody else; your text waits for its turn …"
          : isLate
            ? "The model is running …"
            : "",
        isTooLong() ? "The link leaves this text out: it is too long." : "",
      ];
  const line = parts.filter(Boolean).join(" ") || (why ? "" : exampleWords(typing(model.dump)));
  if (note.textContent !== line) note.textContent = line;
  note.title = line;
  places.body.classList.toggle("lv-stale-text", isLate);
}

function isTooLong() {
  return !isLinked(state);
}

/* From a key to its states drawn. */
function measure() {
  const answer = typedAnswer();
  if (typedAt === null || (answer ? answer.text : "") !== state.text) return;
  if (drawn.length >= 1000) drawn.length = 0;
  drawn.push(performance.now() - typedAt);
  performance.measure("lstmviz-typed", { start: typedAt });
  typedAt = null;
}

function isTypedReady() {
  const { text, typed: window_ } = state;
  return (
    !isTypedOpen() ||
    isBarred() ||
    textProblem(model) !== null ||
    (!isTypedPending() && !isInfluencePending() && (!text || !window_ || window_.text === text))
  );
}

/**
 * @param {TextAnswer} answer
 */
function statesOf(answer) {
  /** @param {{ n: number, values: Floats }} given */
  const rows = ({ n, values }) =>
    Array.from({ length: answer.tokens.length }, (_, step) => Array.from(values.subarray(step * n, (step + 1) * n)));
  return Object.fromEntries([...answer.states].map(([name, held]) => [name, rows(held)]));
}

/* For tests: what is shown; places in client pixels. */
function inspectTyped() {
  const answer = isTypedOpen() && !isBarred() ? typedAnswer() : null;
  const boxed = places.strip.getBoundingClientRect();
  /** @param {number} step */
  const left = (step) => boxed.left + typedX(step);
  const difference = answer && typedDifference();
  return {
    note: note.textContent,
    problem: problem.textContent,
    text: answer ? answer.text : null,
    tokens: answer
      ? answer.tokens.map((token, step) => ({
          token,
          text: answer.shown[step].text,
          isKnown: Boolean(answer.is_known[step]),
          left: left(step),
          right: left(step + 1),
          middle: boxed.top + TOKEN.top + TOKEN.height / 2,
        }))
      : [],
    states: answer ? statesOf(answer) : {},
    tracks: answer
      ? Object.fromEntries(
          answer.tracks.map((track) => [
            track.name,
            track.kind === "category" ? track.values.map((one) => (one >= 0 ? track.labels[one] : null)) : track.values,
          ]),
        )
      : {},
    held: heldWords(),
    before: difference ? statesOf(difference.answer) : null,
    legend: places.body.querySelector(".lv-typed-legend:not([hidden])")?.textContent ?? null,
    grounds:
      answer && state.influence ? answer.tokens.map((_, step) => influenceGrounds(answer)?.(step) ?? null) : null,
    on: answer ? Array.from(countUnits(answer, model.chosen || [])) : [],
    difference: difference && {
      kinds: difference.alignment.kinds,
      pairs: Array.from(difference.alignment.pairs),
      gone: difference.alignment.gone,
      change: Array.from(difference.change),
      most: difference.most,
    },
    drawn: drawn.slice(),
  };
}
