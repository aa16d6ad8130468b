/* The column of cards: folded where the window is narrow, grey while their content is out of date. */

import { onFrame } from "../dom/frame.mjs";
import { hasQuestion, parseAddress } from "../lib/url.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { makeAblationCard } from "./ablation.mjs";
import { cards, watchSummary } from "./card.mjs";
import { makeEnrichmentCard } from "./enrichment.mjs";
import { makeLengthsCard } from "./lengths.mjs";
import { makeThresholdCard } from "./threshold.mjs";
import { makeUnitCard } from "./unit.mjs";

const NARROW = "(max-width: 719px)"; // as in style_aside.css: the cards stand over the matches, folded

export function makeCards() {
  makeEnrichmentCard();
  makeUnitCard();
  makeThresholdCard();
  makeAblationCard();
  makeLengthsCard();
  const narrow = window.matchMedia(NARROW);
  const fold = () => cards.forEach((card) => card.fold(narrow.matches));
  narrow.addEventListener("change", fold);
  window.addEventListener("resize", () => cards.forEach((card) => card.measure()));
  fold();
  onFrame("summary", watchSummary);
  const { values } = parseAddress(window.location.search + window.location.hash);
  leaveRoom(hasQuestion({ ...state, ...values }));
  onFrame("selection", () => model.source && leaveRoom(hasQuestion(state) && model.chosen?.length !== 0));
}

/* Where a question is asked, the cards are as tall from the start as their answers make them: nothing jumps. */
/** @param {boolean} isAsked */
function leaveRoom(isAsked) {
  document.documentElement.classList.toggle("lv-asked", isAsked);
}
