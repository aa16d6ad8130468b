/* Tokens shaded by what each of them changes at the step that is pointed at, or at the last one of the brushed window. */

import { element } from "../dom/element.mjs";
import { themeColours } from "../dom/theme.mjs";
import { valueText } from "../lib/scale.mjs";
import { oneLine } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { endInfluence, influenceAt } from "../store/influence.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { isHeldText } from "../store/typed-text.mjs";
import { hoveredToken } from "./answer.mjs";

const NAMED = 3; // tokens of the greatest influence
const LEAST = 1e-6; // less is rounding
let /** @type {HTMLElement} */ legend;
let /** @type {HTMLElement} */ ramp;
let /** @type {HTMLElement} */ words;

/** @param {HTMLElement} place */
export function makeInfluence(place) {
  legend = element("p", "lv-typed-legend", "", { role: "status" });
  legend.hidden = true;
  ramp = element("span", "lv-typed-ramp", "", { "aria-hidden": "true" });
  words = element("span");
  legend.append(ramp, words);
  place.append(legend);
}

/* Units of the plotted source that are asked about: the pattern's, or all where it has none of them. */
function unitsAsked() {
  const own = (model.chosen || []).filter((one) => one.source === state.source).map((one) => one.unit);
  return [...new Set(own)].sort((a, b) => a - b);
}

/**
 * The step whose causes are shown, or null.
 * @param {TextAnswer} answer
 */
function stepAsked(answer) {
  const { typed } = state;
  const step = hoveredToken() ?? (typed && typed.text === answer.text ? typed.stop - 1 : null);
  return step !== null && step < answer.tokens.length ? step : null;
}

/**
 * What is known of the influence on the step that is shown: {step, units, states, most}, {problem}, or null.
 * @param {TextAnswer} answer
 * @returns {{ step?: number, units?: number[], states?: number[], most?: number, problem?: string } | null}
 */
function present(answer) {
  const step = state.influence && answer ? stepAsked(answer) : null;
  if (step === null || model.chosen === null || answer.text !== state.text) {
    endInfluence();
    return null;
  }
  const units = unitsAsked();
  const known = influenceAt(model.dump, { text: answer.text, source: state.source, units, step });
  if (!known?.states) return known;
  return { step, units, states: known.states, most: Math.max(LEAST, ...known.states.map((by) => by ?? 0)) };
}

/**
 * step -> the ground of a token by its influence; null where no influence is shown.
 * @param {TextAnswer} answer
 * @returns {((step: number) => string | null) | null}
 */
export function influenceGrounds(answer) {
  const known = present(answer);
  if (!known?.states) return null;
  const { sequence } = themeColours();
  return (step) => {
    const by = known.states[step];
    return by === null || by < LEAST ? null : sequence((by / known.most) * 0.9);
  };
}

/**
 * The legend: what the shades mean, and the tokens of the greatest influence in words.
 * @param {TextAnswer | null} answer
 */
export function drawLegend(answer) {
  legend.hidden = !state.influence || !answer;
  if (legend.hidden) return;
  const known = present(answer);
  ramp.hidden = !known?.states;
  const { sequence } = themeColours();
  const ground = `linear-gradient(to right, ${[0, 0.3, 0.6, 0.9].map(sequence).join(", ")})`;
  if (ramp.style.background !== ground) ramp.style.background = ground;
  const line = known?.states ? influenceWords(answer, known) : known?.problem ? oneLine(known.problem) : hint(answer);
  if (words.textContent !== line) words.textContent = words.title = line;
}

/** @param {TextAnswer} answer */
function hint(answer) {
  return stepAsked(answer) === null
    ? "Point at a token, or brush up to it: the tokens are shaded by what each of them changes there."
    : "The model reads the text without each token …";
}

/**
 * @param {TextAnswer} answer
 * @param {ReturnType<typeof present>} known
 */
function influenceWords(answer, { step, units, states, most }) {
  const order = Array.from(states, (_, at) => at).filter((at) => states[at] >= LEAST);
  order.sort((a, b) => states[b] - states[a] || a - b);
  const some = order
    .slice(0, NAMED)
    .map((at) => `${answer.shown[at].text} (${at}) ${valueText(states[at])}`)
    .join(", ");
  const whose = units.length
    ? `the pattern's ${plural(units.length, "unit")}`
    : `all ${plural(model.source.n_units, "unit")}`;
  const held = isHeldText() ? ", nothing held" : "";
  return `0 to ${valueText(most)}: change of ${whose} at ${answer.shown[step].text} (${step})${held}. Most: ${some || "none"}.`;
}
