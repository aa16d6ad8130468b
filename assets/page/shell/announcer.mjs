/* What a brush selects, in one sentence for screen readers, once it rests. */

import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { grouped } from "../lib/scale.mjs";
import { joinedText } from "../lib/tokens.mjs";
import { hasQuestion } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { unitName } from "../store/naming.mjs";
import { state } from "../store/state.mjs";

const REST = 700; // ms without a change
const MOST = 12; // units and tokens that are named
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;
let lastSaid = "";

export function makeAnnouncer() {
  onFrame("selection", () => {
    clearTimeout(timer);
    timer = setTimeout(say, REST);
  });
}

function say() {
  if (!model.source || isStartShown() || model.chosen === null) return;
  const words = sentence();
  if (words === lastSaid) return;
  lastSaid = words;
  document.getElementById(ids.said).textContent = words;
}

/* "Brushed 6 steps from 249: ( 4 4 4 4 4. 4 units: 15, 18, 45, 49." */
function sentence() {
  const { start, stop, typed } = state;
  if (!hasQuestion(state)) return lastSaid ? "No brush." : "";
  const { chosen, axis } = model;
  const units =
    chosen
      .slice(0, MOST)
      .map((one) => unitName(one))
      .join(", ") + (chosen.length > MOST ? " and more" : "");
  const unitWords = `${plural(chosen.length, "unit")}${chosen.length ? `: ${units}` : ""}.`;
  if (typed)
    return `Brushed ${plural(typed.stop - typed.start, "token")} of your text from ${typed.start}. ${unitWords}`;
  if (start === null) return unitWords;
  const steps = Array.from({ length: Math.min(MOST, stop - start) }, (_, k) => model.shown(start + k));
  const text =
    axis.has_tokens && steps.every(Boolean)
      ? `: ${joinedText(
          steps.map((one) => one.text),
          { join: " ", pieces: axis.pieces },
        )}${stop - start > MOST ? " and more" : ""}`
      : "";
  return `Brushed ${plural(stop - start, "step")} from ${grouped(start)}${text}. ${unitWords}`;
}
