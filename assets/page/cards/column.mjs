/* The column of cards: folded where the window is narrow, grey while what they tell is of before. */

import { onFrame } from "../dom/frame.mjs";
import { hasQuestion } from "../lib/url.mjs";
import { state } from "../store/state.mjs";
import { makeAblationCard } from "./ablation.mjs";
import { cards, watchSummary } from "./card.mjs";
import { makeEnrichmentCard } from "./enrichment.mjs";
import { makeLengthsCard } from "./lengths.mjs";
import { makeThresholdCard } from "./threshold.mjs";
import { makeUnitCard } from "./unit.mjs";

const NARROW = "(max-width: 1099px)"; // as in style_aside.css: the cards stand over the matches, folded

export function makeCards() {
  makeUnitCard();
  makeThresholdCard();
  makeEnrichmentCard();
  makeAblationCard();
  makeLengthsCard();
  const narrow = window.matchMedia(NARROW);
  const fold = () => cards.forEach((card) => card.fold(narrow.matches));
  narrow.addEventListener("change", fold);
  window.addEventListener("resize", () => cards.forEach((card) => card.measure()));
  fold();
  onFrame("summary", watchSummary);
  onFrame("selection", () => {
    document.documentElement.classList.toggle("lv-asked", hasQuestion(state));
  });
}
