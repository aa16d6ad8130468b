/* Where a brush selects no unit: what would, as buttons with counts. What one would select is drawn while it is pointed at. */

import { button, element } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { sourceRange } from "../lib/axis.mjs";
import { grouped } from "../lib/scale.mjs";
import { placesOf, suggestionsFor } from "../lib/suggestions.mjs";
import { patternKey } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { preview, setPreview } from "../store/preview.mjs";
import { changeState, state } from "../store/state.mjs";

let /** @type {HTMLElement} */ place;
let /** @type {Suggestion[]} */ suggestions = [];
let drawnKey = "";

export function makeSuggestions() {
  place = document.getElementById(ids.suggestions);
}

/* What is suggested now, the most fitting first. */
export const presentSuggestions = () => suggestions;

/* Bring the buttons up to the state. */
export function drawSuggestions() {
  const isEmpty = model.chosen?.length === 0 && !state.pattern && !state.excluded.length && !model.problem;
  const isAsked = isEmpty && (state.start !== null || state.typed !== null);
  const key = isAsked ? `${state.dump} ${state.source} ${patternKey(state)}` : "";
  if (key === drawnKey) return;
  drawnKey = key;
  if (preview.units) setPreview(null);
  const reach = Math.max(...sourceRange(model.source));
  suggestions = isAsked
    ? suggestionsFor(state, placesOf(reach), (changes) => new Set(model.wouldSelect(changes).map(nameOf)).size)
    : [];
  place.replaceChildren(...suggestions.map(asButton));
  place.hidden = !suggestions.length;
}

/** @param {Unit} unit */
function nameOf({ source, unit, side }) {
  return `${source}/${unit}/${side}`;
}

/** @param {Suggestion} suggestion */
function asButton(suggestion) {
  const { label, changes, n } = suggestion;
  const one = button("lv-suggestion", "", `${label}: ${plural(n, "unit")} would be selected`, () => {
    setPreview(null);
    changeState(changes, "push");
  });
  one.append(element("span", "", label), element("strong", "", grouped(n)));
  one.setAttribute("aria-label", `${label}: ${plural(n, "unit")}`);
  const show = () => setPreview({ units: model.wouldSelect(changes), threshold: changes.threshold ?? state.threshold });
  const hide = () => setPreview(null);
  one.addEventListener("pointerenter", show);
  one.addEventListener("focus", show);
  one.addEventListener("pointerleave", hide);
  one.addEventListener("blur", hide);
  return one;
}
