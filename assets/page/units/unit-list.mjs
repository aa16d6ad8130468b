/* The row under the strip: the chips of the pattern, or the sentence that says why there are none, and what adds to it. */

import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { grouped } from "../lib/scale.mjs";
import { hasQuestion } from "../lib/url.mjs";
import { noUnits } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { openedSentence } from "../store/opened-pattern.mjs";
import { state } from "../store/state.mjs";
import { panTo } from "../store/view.mjs";
import { drawChips, makeChips } from "./chips.mjs";
import { makePinMenu, offerPin } from "./pin-menu.mjs";
import { makeSources } from "./sources.mjs";
import { drawSuggestions, makeSuggestions, presentSuggestions } from "./suggestions.mjs";

let /** @type {HTMLElement} */ message;
let /** @type {HTMLElement} */ back;

export function makeUnits() {
  message = document.getElementById(ids.message);
  back = document.getElementById(ids.toBrush);
  back.addEventListener("click", () => {
    const { start, stop, span } = state;
    panTo((start + stop - span) / 2, "settle");
  });
  makeChips();
  makePinMenu();
  makeSuggestions();
  makeSources();
  onFrame("units", draw);
}

function draw() {
  model.refresh();
  if (!model.source) return;
  drawSuggestions();
  const words = sentence();
  message.textContent = presentSuggestions().length && !model.nMissing ? "No unit fits. Try:" : words.text;
  message.title = words.text;
  message.className = `lv-message ${words.kind}`;
  document.getElementById(ids.chips).hidden = Boolean(words.text) && !state.excluded.length;
  drawChips();
  offerPin();
  offerBrush();
}

/* A way back to a window that is out of view. */
function offerBrush() {
  const { start, stop, at, span } = state;
  const isAway = start !== null && (stop <= at || start >= at + span);
  back.hidden = !isAway;
  if (isAway) back.textContent = `${start < at ? "←" : "→"} brush at ${grouped(start)}`;
}

function sentence() {
  const { chosen } = model;
  if (state.pattern) return openedSentence(model.dump);
  if (!hasQuestion(state)) {
    return {
      kind: "lv-hint",
      text: `Drag over ${model.axis.has_tokens ? "tokens" : "steps"} to see which units are on there.`,
    };
  }
  if (chosen === null) {
    const isLate = model.since !== null && performance.now() - model.since > 300;
    return { kind: "lv-hint", text: isLate ? "Loading the states of the window …" : "" };
  }
  if (model.problem) return { kind: "lv-warn", text: model.problem };
  if (chosen.length || state.excluded.length) return { kind: "", text: "" };
  return { kind: "lv-warn", text: noUnits(Object.assign({}, state, state.typed), model.nMissing, model.nLooked) };
}
