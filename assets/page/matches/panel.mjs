/* The panel of the matches: the line about them, their table, and the button under it that brings the next ones. */

import { button, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { grouped } from "../lib/scale.mjs";
import { PAGE_ROWS } from "../lib/url.mjs";
import {
  askPage,
  isCounting,
  isMatchPending,
  MOST_ROWS,
  matchAnswer,
  matchesTold,
  matchList,
  pageProblem,
  publishQuestion,
} from "../store/matches.mjs";
import { isSummaryLate } from "../store/summary.mjs";
import { makeByHand } from "./by-hand.mjs";
import { makeCompare } from "./compare.mjs";
import { drawCounts, makeCounts, sayCounts } from "./counts.mjs";
import { makeFilters } from "./filters.mjs";
import { laidItems } from "./layout.mjs";
import { focusRow, makeTable, resetTable } from "./table.mjs";
import { makeMatchTools } from "./tools.mjs";

let /** @type {HTMLElement} */ table;
let /** @type {HTMLElement} */ more;
let /** @type {HTMLButtonElement} */ moreButton;

export function makeMatches() {
  table = document.getElementById(ids.matchTable);
  more = document.getElementById(ids.more);
  moreButton = button("lv-button", "Show more", "List the next matches", askNext);
  moreButton.dataset.testid = "more";
  makeCounts();
  makeMatchTools();
  makeFilters();
  makeByHand();
  makeCompare();
  makeTable();
  matchesTold.on((what, given) => TOLD[what](given));
  onFrame("matchscroll", scrolled);
}

/** @type {Record<string, (given: any) => void>} */
const TOLD = {
  late(words) {
    sayCounts(words, "lv-waiting");
    table.classList.add("lv-stale");
  },
  shown(isSame) {
    settle(Boolean(matchAnswer().region));
    if (!isSame) resetTable();
    drawCounts();
    offerMore();
  },
  counted() {
    if (!isStale()) drawCounts();
    offerMore();
  },
  page(place) {
    const hadFocus = document.activeElement === moreButton;
    offerMore();
    if (hadFocus && place !== null) focusRow(place);
  },
  more: offerMore,
  failed(words) {
    settle(false);
    sayCounts(
      `No matches: ${words}`,
      "lv-warn",
      button("lv-link", "Try again", "Ask the server again", () => publishQuestion(true)),
    );
    resetTable();
    more.replaceChildren();
  },
};

const isStale = () => table.classList.contains("lv-stale"); // a line about the wait replaces the counts

/** @param {boolean} isRegion */
function settle(isRegion) {
  table.classList.remove("lv-stale");
  document.documentElement.classList.toggle("lv-region", isRegion);
}

function askNext() {
  askPage(laidItems().next);
}

/* What follows the rows: a button for the next ones, or why there are none. */
function offerMore() {
  const list = matchList();
  const next = matchAnswer() ? laidItems().next : null;
  const isUnknown = list.total() === null && isCounting() && !isSummaryLate(); // whether there are more
  if (next === null || !list.size() || isUnknown) return more.replaceChildren();
  if (list.size() >= MOST_ROWS) {
    return more.replaceChildren(
      element(
        "p",
        "lv-card-note",
        `The first ${grouped(MOST_ROWS)} matches are listed. Filter or fold groups to see others; the export has them all.`,
      ),
    );
  }
  const total = list.total();
  const left = total === null ? PAGE_ROWS : Math.min(PAGE_ROWS, total - next);
  moreButton.textContent = isMatchPending() ? "Loading …" : pageProblem() ? "Try again" : `Show ${left} more`;
  const words = pageProblem()
    ? element("span", "lv-warn lv-more-note", `The next matches could not be loaded: ${pageProblem()}`)
    : null;
  if (moreButton.parentElement !== more) more.replaceChildren(moreButton);
  while (more.lastChild !== moreButton) more.lastChild.remove();
  if (words) more.append(words);
}

/* The end of the rows comes into view: load the next ones. */
function scrolled() {
  if (!moreButton.isConnected || pageProblem() || isMatchPending()) return;
  if (moreButton.getBoundingClientRect().top < window.innerHeight + 500) askNext();
}
