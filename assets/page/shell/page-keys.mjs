/* The keys of the page as a whole; they act unless a field, a button or a part of the page has them. */

import { stepSeries } from "../corpus/series.mjs";
import { stripPlace } from "../corpus/strip.mjs";
import { targetOf } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { toggleProjector } from "../dom/projector.mjs";
import { goToMatches, isStartShown } from "../dom/stage.mjs";
import { actOnKey, keyName } from "../lib/keys.mjs";
import { model } from "../store/model.mjs";
import { boxWanted } from "../store/typed-text.mjs";
import { panBy, panTo, zoomBy } from "../store/view.mjs";
import { pinByKey } from "../units/chips.mjs";
import { isHelpOpen, openHelp } from "./help.mjs";

export function makePageKeys() {
  document.addEventListener("keydown", key);
}

/** @param {KeyboardEvent} event */
function key(event) {
  const target = targetOf(event);
  if (isHelpOpen()) return;
  if (target.closest?.("input, textarea, select, [role=listbox], [contenteditable]")) return;
  if (isStartShown() || !model.source) {
    if (keyName("page", event) === "help") openHelp();
  } else actOnKey("page", event, PAGE);
}

const PAGE = {
  earlier: () => stepSeries(-1),
  later: () => stepSeries(1),
  left: () => panBy(-1, false),
  right: () => panBy(1, false),
  pageLeft: () => panBy(-1, true),
  pageRight: () => panBy(1, true),
  first: () => panTo(0),
  last: () => panTo(Infinity),
  zoomIn: () => zoomBy(1 / 1.25, 0.5),
  zoomOut: () => zoomBy(1.25, 0.5),
  pin: () => pinByKey(),
  search: () => /** @type {HTMLInputElement} */ (document.getElementById(ids.search)).select(),
  tokens: () => stripPlace().focus(),
  text: () => boxWanted.tell(),
  matches: () => goToMatches(),
  large: () => toggleProjector(),
  help: () => openHelp(),
};
