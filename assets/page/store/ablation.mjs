/* How the model's predictions change when the units of the pattern are held: asked for by hand, and ended by the next
   gesture that changes the pattern. */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { askedFields } from "../lib/url.mjs";
import { askLines } from "./request.mjs";
import { state } from "./state.mjs";
import { summaryKey } from "./summary.mjs";

const line = questionLine();
/** @type {{ pattern: string, to: string }} */
let asked = null; // the question that was put last
let /** @type {Ablation} */ answer = null;
let /** @type {string} */ problem = null;
let share = 0; // of the work that is done

const patternNow = () => JSON.stringify([state.dump, summaryKey(state)]);

/**
 * Ask how the predictions change with the units of the present pattern held at their "mean", at "zero", or at the
 * value that they have in another sequence ("other").
 * @param {string} to
 */
export async function askAblation(to) {
  asked = { pattern: patternNow(), to };
  [answer, problem, share] = [null, null, 0];
  const question = Object.assign(askedFields(state), { to });
  /** @param {number} given */
  const onShare = (given) => {
    share = given;
    redraw("ablation");
  };
  const coming = line.ask((signal) => askLines(`d/${state.dump}/ablation`, question, { signal, onShare }));
  redraw("ablation");
  const reply = await coming;
  if (!reply) return; // it was ended
  if (reply.error) problem = reply.error.message;
  else answer = reply.answer;
  redraw("ablation");
}

export function endAblation() {
  line.end();
  [asked, answer, problem] = [null, null, null];
  redraw("ablation");
}

/* {answer, problem, share} of the present pattern, each null where there is none; what is asked of another one is ended. */
export function ablation() {
  if (asked && asked.pattern !== patternNow()) endAblation();
  return { answer, problem, share: line.isOpen() ? share : null };
}
