/* The line of "your text", which opens the box under it, or says why no text can be run. What is drawn of the text comes with
   the first one. */

import { element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { notify } from "../dom/notice.mjs";
import { oneLine } from "../lib/tokens.mjs";
import { textWanted } from "../store/held-units.mjs";
import { model } from "../store/model.mjs";
import { changeState, state } from "../store/state.mjs";
import { needTyped } from "../store/typed-data.mjs";
import { askTyping, boxWanted, sourcesOfText, typing, typingProblem } from "../store/typed-text.mjs";

const CUTS = {
  char: "character by character",
  word: "word by word",
  token: "token by token",
  number: "a step a line, its numbers between spaces",
};
const MOST = 40000; // characters, as the server takes them
let /** @type {HTMLElement} */ mount;
let /** @type {HTMLElement} */ head;
let /** @type {HTMLElement} */ reason;
let /** @type {HTMLButtonElement} */ fold;
let /** @type {HTMLElement} */ body;
let /** @type {HTMLTextAreaElement} */ box;

export const isTypedOpen = () => state.text !== null;

/* Is there no model to run a text through? */
export const isBarred = () => typingProblem(model.dump) !== null;

export function makeTypedFold() {
  mount = document.getElementById(ids.typed);
  head = element("div", "lv-typed-head");
  fold = element("button", "lv-typed-fold", "Your text", { type: "button", "aria-expanded": "false" });
  fold.addEventListener("click", () => (isTypedOpen() ? close() : open()));
  reason = element("span", "lv-typed-reason");
  head.append(fold, reason, element("span", "lv-spacer"));
  makeBox();
  fold.setAttribute("aria-controls", body.id);
  mount.append(head, body);
  textWanted.on(toBox);
  boxWanted.on(goToBox);
  onFrame(["base", "overlay", "strip", "typed"], draw);
}

function makeBox() {
  body = element("div", "lv-typed-body", "", { id: "lv-typed-body" });
  body.hidden = true;
  box = element("textarea", "lv-typed-box", "", {
    rows: "2",
    maxlength: String(MOST),
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "aria-label": "Your text",
  });
  box.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  body.append(box);
}

/* Where what is drawn of the text stands: tools in the line, the rest under the box. */
export const typedPlaces = () => ({ head, body, box });

function toBox() {
  draw();
  box.focus();
  showWhole();
}

/* Have all of it in view, where one is about to type. */
export function showWhole() {
  if (document.activeElement === box) mount.scrollIntoView({ block: "nearest" });
}

function open() {
  changeState({ text: "" }, "settle");
  toBox();
  const some = typing(model.dump)?.some || [];
  if (some.length) needTyped(model.dump, [some[0]], sourcesOfText(model)); // so that the model is loaded when a text comes
}

function close() {
  changeState({ text: null, was: null, typed: null, ablated: [], carried: null }, "push");
}

/* To the box, by a key. */
function goToBox() {
  if (!model.source || !typing(model.dump)) return;
  const problem = typingProblem(model.dump);
  if (problem) notify("typed", problem);
  else if (isTypedOpen()) box.focus();
  else open();
}

function draw() {
  if (!model.source) return;
  askTyping(model.dump);
  const isShown = isTypedOpen() && !isBarred();
  mount.hidden = isBarred() && Boolean(typing(model.dump).is_absent);
  body.hidden = !isShown;
  mount.classList.toggle("lv-typed-open", isShown);
  fold.setAttribute("aria-expanded", String(isShown));
  fold.disabled = isBarred() || typing(model.dump) === null;
  fold.title = isShown ? "Close the box" : "Type a text, and see how the model reads it (Y)";
  reason.textContent = isBarred()
    ? oneLine(typingProblem(model.dump))
    : isShown
      ? readerWords(typing(model.dump))
      : "type a text and see how the model reads it: states, predictions, loss";
}

/**
 * Which model reads the text, and how it is cut. `typing`: what the server says about the model.
 * @param {Typing} typing
 */
function readerWords(typing) {
  const { level, words, has_unknown: hasUnknown } = typing || {};
  if (!words) return "";
  const remark = hasUnknown || level === "number" ? "" : "; it has no unknown token";
  return `read by the ${words}, ${CUTS[level]}${remark}`;
}

/* For tests. */
export function inspectTypedFold() {
  return {
    isOpen: isTypedOpen() && !isBarred(),
    isThere: !mount.hidden,
    reason: reason.textContent,
    problem: "",
  };
}
