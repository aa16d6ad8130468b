/* What is held while the model reads the text, in a line above it: each unit a button that releases it. */

import { button, choiceList, element, focusedIn } from "../dom/element.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { ablateTo, endCarrying, releaseAll, toggleAblated } from "../store/held-units.mjs";
import { shortSource } from "../store/naming.mjs";
import { state } from "../store/state.mjs";

const NAMED = 4; // units that are named in a sentence
const WAYS = [
  ["mean", "its mean over the corpus"],
  ["zero", "zero"],
];
let /** @type {HTMLElement} */ line;
let /** @type {HTMLElement} */ status; // stays, so that screen readers hear of it
let drawnKey = "";

/** @param {HTMLElement} place */
export function makeHeldLine(place) {
  line = element("div", "lv-typed-held", "", { role: "group", "aria-label": "Held while the model reads your text" });
  line.hidden = true;
  status = element("p", "lv-unseen", "", { role: "status" });
  place.append(line, status);
}

/** @param {HeldUnit} unit */
const unitName = ({ source, unit }) => `${shortSource(source)} ${unit}`;

/** @param {HeldUnit[]} units */
function names(units) {
  const some = units.slice(0, NAMED).map(unitName).join(", ");
  return units.length > NAMED ? `${some} and ${units.length - NAMED} more` : some;
}

/* "Held at its mean: l0.c 23. Carried over from before: l0.c 4 at tokens 3 to 5." Empty where nothing is. */
export function heldWords() {
  const { ablated, ablatedTo, carried } = state;
  const parts = [];
  if (ablated.length)
    parts.push(
      `${plural(ablated.length, "unit")} held at ${ablatedTo === "mean" ? "the mean" : "zero"}: ${names(ablated)}.`,
    );
  if (carried) parts.push(`Carried over from before at ${tokensWords(carried)}: ${names(carried.units)}.`);
  return parts.join(" ");
}

/** @param {{ start: number, stop: number }} window_ */
function tokensWords({ start, stop }) {
  return stop - start === 1 ? `token ${start}` : `tokens ${start} to ${stop - 1}`;
}

export function drawHeldLine() {
  const { ablated, ablatedTo, carried } = state;
  const now = JSON.stringify([ablated, ablatedTo, carried]);
  if (now === drawnKey) return;
  drawnKey = now;
  line.hidden = !ablated.length && !carried;
  status.textContent = heldWords() || "Nothing is held.";
  const at = [...line.querySelectorAll("button, select")].indexOf(focusedIn(line));
  line.replaceChildren(...(ablated.length ? ablatedParts() : []), ...(carried ? [carriedPart()] : []), all());
  const controls = line.querySelectorAll("button, select");
  if (at >= 0 && !line.hidden) controls[Math.min(at, controls.length - 1)].focus();
}

function ablatedParts() {
  const { ablated, ablatedTo } = state;
  const choice = choiceList("What these units are held at", WAYS, ablatedTo, (value) =>
    ablateTo(/** @type {"mean" | "zero"} */ (value)),
  );
  return [element("span", "", "Ablated"), ...ablated.map(unitButton), element("span", "", "at"), choice];
}

/** @param {HeldUnit} one */
function unitButton(one) {
  const name = `unit ${one.unit} of ${showToken(one.source).text}`;
  const made = button("lv-typed-release", `${unitName(one)} ×`, `Release ${name}`, () => toggleAblated(one));
  made.setAttribute("aria-label", `Release ${name}`);
  return made;
}

function carriedPart() {
  const { carried } = state;
  const words = `${names(carried.units)} at ${tokensWords(carried)} ×`;
  const title = `${plural(carried.units.length, "unit")} at ${tokensWords(carried)} with the values of the text before, at the same tokens. Press to end this`;
  const whole = element("span", "lv-typed-carried", "Carried over from before ");
  whole.append(button("lv-typed-release", words, title, endCarrying));
  return whole;
}

const all = () => button("lv-link", "Release all", "Read the text with nothing held", releaseAll);
