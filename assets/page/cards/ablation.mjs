/* Does it matter? The units of the pattern are held while the model reads the corpus again, and so are others beside them. */

import { button, choiceList, element, focusedIn } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { svgDrawing, svgElement, svgLine, svgText } from "../dom/svg.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { ablationTicks, ablationWords, nats, placeOf } from "../lib/ablation.mjs";
import { percent } from "../lib/shares.mjs";
import { showToken } from "../lib/tokens.mjs";
import { hasQuestion } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { ablation, askAblation, endAblation } from "../store/ablation.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { summaryAnswer } from "../store/summary.mjs";
import { typing } from "../store/typed-text.mjs";
import { failed, hint, makeCard } from "./card.mjs";

const TALL = 40; // px of the dots
const SPREAD = 7; // rows that the others' dots stand in, so that equal ones are seen
const TOKENS = 4;
const HINT = "Brush some tokens: does the model need the units that are on?";
const WAYS = [
  ["mean", "the mean"],
  ["zero", "zero"],
  ["other", "another text's"],
];
let /** @type {Card} */ card;
let to = "mean";
let drawnKey = "";

export function makeAblationCard() {
  card = makeCard(ids.ablation, "Does it matter?");
  card.place.hidden = true; // until it is known whether there is a model
  onFrame(["base", "selection", "units", "summary", "ablation"], draw);
}

function draw() {
  if (!model.source) return;
  const readiness = typing(model.dump);
  card.place.hidden = !readiness || Boolean(readiness.problem);
  if (card.place.hidden) return;
  const { answer, problem, share } = ablation();
  const n = model.chosen?.length || 0;
  const nFull = summaryAnswer()?.n_full ?? null;
  const now = JSON.stringify([
    n,
    nFull,
    hasQuestion(state),
    state.lasso,
    to,
    answer,
    problem,
    share,
    card.width(),
    typeScale(),
  ]);
  if (now === drawnKey || card.isPressed()) return;
  drawnKey = now;
  const isFocused = focusedIn(card.body)?.dataset.act;
  card.body.replaceChildren(...parts(n, nFull, { answer, problem, share }));
  if (isFocused) focusAgain(isFocused);
}

/**
 * The keyboard focus stays where it was; from what was asked it goes to the press that stops it, and back.
 * @param {string} act
 */
function focusAgain(act) {
  const places = [act, act === "stop" ? "ask" : "stop"].map((one) => card.body.querySelector(`[data-act="${one}"]`));
  /** @type {HTMLElement} */ (places.find(Boolean))?.focus({ preventScroll: true });
}

/**
 * @param {number} n
 * @param {number | null} nFull
 * @param {ReturnType<typeof ablation>} present
 */
function parts(n, nFull, { answer, problem, share }) {
  if (state.lasso || !hasQuestion(state)) return [hint(HINT)];
  if (!n) return [hint("No unit is selected: there is nothing to hold.")];
  if (nFull === 0) return [hint("No match has all units on: there is nowhere to look.")];
  if (share !== null) return [running(share)];
  if (problem) return [failed("The units could not be held", problem, () => askAblation(to))];
  return answer ? [...result(answer), question(n, "Ask again")] : [question(n, "Ask the model")];
}

/**
 * "Hold 3 units at [its mean]   Ask the model".
 * @param {number} n
 * @param {string} words
 */
function question(n, words) {
  const line = element("p", "lv-card-note lv-ablation-question");
  const choice = choiceList("The value at which the units are held", WAYS, to, (/** @type {string} */ value) => {
    to = value;
    redraw("ablation");
  });
  choice.dataset.act = "to";
  const title =
    "Run the model over the corpus again with these units held, and with other units, and compare its predictions";
  const ask = button("lv-button", words, title, () => askAblation(to));
  ask.dataset.act = "ask";
  line.append(`Hold ${n === 1 ? "the unit" : `the ${plural(n, "unit")}`} at`, choice, ask);
  return line;
}

/** @param {number} share */
function running(share) {
  const line = hint(`The model reads the corpus … ${percent(share)} `);
  const stop = button("lv-link", "Stop", "Stop running the model", endAblation);
  stop.dataset.act = "stop";
  line.append(stop);
  return line;
}

/** @param {Ablation} answer */
function result(answer) {
  const words = ablationWords(answer);
  const verdict = element("p", "lv-card-note lv-carry-said");
  verdict.append(element("strong", "", words.verdict));
  const most = answer.tokens.slice(0, TOKENS).map((token) => `${showToken(token.token).text} ${nats(token.kl)}`);
  const shown = [verdict, dots(answer, words), hint([words.figures, words.loss].filter(Boolean).join(" "))];
  if (answer.tokens.length > 1) shown.push(hint(`Most at: ${most.join(", ")}.`));
  return shown;
}

/**
 * The others as grey dots, the pattern's own in colour, over a scale of nats.
 * @param {Ablation} answer
 * @param {ReturnType<typeof ablationWords>} words
 */
function dots(answer, words) {
  const wide = card.width();
  const ticks = ablationTicks(answer);
  const [head, foot] = [16 * typeScale(), 15 * typeScale()];
  const floor = head + TALL;
  const drawn = svgDrawing(wide, floor + foot, `${words.verdict} ${words.figures}`);
  const x = (/** @type {number} */ kl) => 6 + placeOf(kl, ticks) * (wide - 12);
  drawn.append(svgText("", "change of the predictions, in nats", 0, head - 5));
  drawn.append(svgLine("lv-svg-axis", 0, floor + 0.5, wide, floor + 0.5));
  const every = Math.max(1, Math.ceil((ticks.length * 44 * typeScale()) / wide));
  ticks.forEach((tick, k) => {
    const isLast = k === ticks.length - 1;
    const [place, anchor] = isLast ? [wide, "end"] : k ? [x(tick), "middle"] : [0, "start"];
    if ((ticks.length - 1 - k) % every) return;
    drawn.append(svgLine("lv-svg-axis", x(tick), floor, x(tick), floor + 3));
    const shown = tick < 0.001 ? tick.toExponential(0) : String(tick).replace(/^0/, "");
    drawn.append(svgText("", shown, place, floor + foot - 2, anchor));
  });
  answer.others.kl.forEach((kl, k) => {
    const y = head + 5 + ((k * 3) % SPREAD) * ((TALL - 10) / (SPREAD - 1));
    const dot = svgElement("circle", "lv-svg-other", { cx: x(kl), cy: y, r: 2.5 });
    drawn.append(tipped(dot, [answer.others.units[k], `${nats(kl)} nats`]));
  });
  const own = svgElement("circle", "lv-svg-own", { cx: x(answer.places[0].kl), cy: head + TALL / 2, r: 5 });
  drawn.append(tipped(own, ["the pattern's units", `${nats(answer.places[0].kl)} nats`]));
  return drawn;
}

/**
 * @param {SVGElement} dot
 * @param {string[]} lines
 */
function tipped(dot, lines) {
  dot.addEventListener("pointermove", (event) => showTip(/** @type {PointerEvent} */ (event), lines));
  dot.addEventListener("pointerleave", () => hideTip());
  return dot;
}

/* For tests. */
export function inspectAblationCard() {
  return {
    isShown: !card.place.hidden,
    words: card.body.textContent,
    nOthers: card.body.querySelectorAll(".lv-svg-other").length,
    answer: model.source ? ablation().answer : null,
  };
}
