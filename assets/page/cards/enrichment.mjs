/* What the matches carry: for a track, how often each of its values occurs at their steps, against the whole corpus. A bar
   pressed keeps the matches with that value. */

import { button, choiceList, element, focusedIn } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { notify } from "../dom/notice.mjs";
import { typeScale } from "../dom/projector.mjs";
import {
  barsEnd,
  byStrength,
  enrichmentSentence,
  filterWords,
  isValueAllowed,
  strongestValue,
  tellsLittle,
  toggledFilter,
  valueRows,
} from "../lib/enrichment.mjs";
import { evidenceOf, evidenceSentence } from "../lib/evidence.mjs";
import { valueText } from "../lib/scale.mjs";
import { decimal } from "../lib/shares.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { changeLimits, presentLimits } from "../store/edits.mjs";
import { askEvidenceAgain, evidenceAnswer, evidenceStamp, needEvidence } from "../store/evidence.mjs";
import { findRegionUnits, findUnits, isFound, presentFinding } from "../store/finding.mjs";
import { model } from "../store/model.mjs";
import { openedPattern } from "../store/opened-pattern.mjs";
import { state } from "../store/state.mjs";
import { summaryAnswer } from "../store/summary.mjs";
import { isGuess } from "../store/tracks.mjs";
import { failed, hint, makeCard, nameWidth, noSummary } from "./card.mjs";
import { carriedRow } from "./carried-row.mjs";
import { makeFinding } from "./finding.mjs";

const HINT = "Brush some tokens: what their matches carry, track by track.";
const TOKENS_ORDER = "Frequent here and rare elsewhere first; the pale bar is the whole corpus.";
const MOST = 200; // labels of a filter; the server takes 1,000
let /** @type {Card} */ card;
let /** @type {HTMLElement} */ limits;
let /** @type {HTMLElement} */ place = null; // what the choice of tracks stands in
let /** @type {{ dump: string, name: string }} */ wanted = null; // {dump, name}: the track that was asked for by hand
let drawnKey = "";

export function makeEnrichmentCard() {
  card = makeCard(ids.carry, "What the matches carry");
  limits = element("p", "lv-card-note lv-carry-limits");
  place = element("div", "lv-card-track");
  makeFinding(card, () => /** @type {HTMLElement} */ (card.body.querySelector(".lv-carry-find"))?.focus());
  for (const name of ["selection", "summary", "matches", "carry", "finding"]) onFrame(name, draw);
}

/* What the present answer has: the corpus's own tracks, the most telling first, then the tokens, then predictions and the tracks
   that tell little. The first one is shown. */
function tracks() {
  const { carry } = summaryAnswer() || {};
  if (!carry) return [];
  const places = carry.tokens.map((place) => Object.assign({ isOfTokens: true }, place));
  const tokens = places.filter((place) => place.n_steps > 0);
  const every = byStrength(carry.tracks);
  const doTokensTell = !tokens.every(tellsLittle);
  /** @param {CarriedTrack} track */
  const isFirst = (track) => !isGuess(track) && !(doTokensTell && tellsLittle(track));
  return [...every.filter(isFirst), ...tokens, ...every.filter((track) => !isFirst(track))];
}

const CHOSEN_BY = " The units were chosen by these labels, so the share is too good: trust the F1 of Find units.";
const HERE = "token here"; // as the server calls the tokens of the matches themselves

/**
 * A track as a filter names it: tokens have none. null for tokens beside the matches, by which nothing is filtered.
 * @param {CarriedTrack} track
 */
function filterable(track) {
  if (!track.isOfTokens) return track;
  return track.name === HERE ? Object.assign({}, track, { name: "" }) : null;
}

/**
 * Were the pattern's units chosen by the values of this track?
 * @param {CarriedTrack} track
 */
function wereUnitsChosenBy(track) {
  return openedPattern()?.notes?.chosen_by === track.name;
}

function chosen() {
  const every = tracks();
  const tracked = wanted && wanted.dump === state.dump && every.find((track) => track.name === wanted.name);
  return tracked || every[0] || null;
}

const isRegion = () => Boolean(summaryAnswer()?.is_region);
const filters = () => presentLimits().filters;

function draw() {
  if (!model.source) return;
  const answer = summaryAnswer();
  const missing = noSummary(HINT);
  const shown = missing ? null : chosen();
  needEvidence(shown?.name ?? null);
  const listed = [presentFinding()?.hypothesis, shown !== null && wereUnitsChosenBy(shown)];
  const known = [missing?.textContent, answer?.key, state.dump, wanted, filters(), typeScale()];
  const now = JSON.stringify([...known, evidenceStamp(), listed]);
  if (now === drawnKey || card.isPressed()) return;
  drawnKey = now;
  card.title.textContent = isRegion() ? "What the region carries" : "What the matches carry";
  drawLimits();
  if (missing) card.body.replaceChildren(missing, ...limitRow());
  else if (!model.tracks.length && !model.axis.has_tokens)
    card.body.replaceChildren(
      hint("This recording has neither tokens nor tracks to compare."),
      ...(isRegion() ? [regionButton()] : []),
      ...limitRow(),
    );
  else if (!answer.carry.n_matches) card.body.replaceChildren(hint(none(answer)), ...limitRow());
  else if (!chosen())
    card.body.replaceChildren(hint("No step of the matches has a value in any track."), ...limitRow());
  else show(chosen());
}

/** @param {{ n_full: number, n_hidden: number }} summary */
function none({ n_full: nFull, n_hidden: nHidden }) {
  return nFull && nFull === nHidden
    ? "Every match with all units on is hidden."
    : "No match has all units on: there is nothing to compare.";
}

const limitRow = () => (limits.firstChild ? [limits] : []);

/** @param {CarriedTrack} track */
function show(track) {
  const name = showToken(track.name).text;
  choose(track);
  const rows = valueRows(track);
  const list = element("div", "lv-carried", "", {
    role: "group",
    "aria-label": `${name}: share of the ${isRegion() ? "region's" : "matched"} steps against the corpus`,
  });
  list.style.setProperty("--lv-name", nameWidth(rows.map((value) => showToken(value.value).text)));
  const evidence = evidenceAnswer(track.name);
  const ends = rows.map((value) => evidenceOf(evidence, value)?.share_high);
  const end = barsEnd(rows, ends);
  list.append(...rows.map((value) => row(track, name, value, evidence, end)));
  const focused = focusedIn(card.body);
  const [act, at] = [focused?.className, focused?.dataset.value];
  const parts = [place, list];
  if (track.n_values > rows.length && !track.isOfTokens)
    parts.push(hint(`${plural(track.n_values - rows.length, "more value")} not listed`));
  const best = strongestValue(track);
  const scale = end < 1 ? `A full bar is ${decimal(end)}.` : "";
  if (track.isOfTokens) parts.push(hint(`${TOKENS_ORDER} ${scale}`));
  else if (scale) parts.push(hint(scale));
  parts.push(...(best ? [conclusion(track, name, best)] : []), certainty(track, evidence, best));
  if (isRegion()) parts.push(regionButton());
  card.body.replaceChildren(...parts, ...limitRow());
  if (at !== undefined) focusAgain(list, act, at);
}

function regionButton() {
  const title = "Rank the units by how well they tell the region's steps from the others on the map";
  return button("lv-button lv-region-units", "Units that set it apart", title, () => findRegionUnits());
}

/**
 * The keyboard focus stays where it was when the rows are rebuilt.
 * @param {HTMLElement} list
 * @param {string} className
 * @param {string} value
 */
function focusAgain(list, className, value) {
  const isOf = className.startsWith("lv-carry-find") ? ".lv-carry-find" : ".lv-carry";
  [...list.querySelectorAll(isOf)].find((one) => one.dataset.value === value)?.focus({ preventScroll: true });
}

/**
 * "depth against the corpus", the name a choice where there are several.
 * @param {CarriedTrack} track
 */
function choose(track) {
  const every = tracks();
  const isFocused = place.contains(document.activeElement);
  const options = every.map((one) => [one.name, showToken(one.name).text]);
  /** @param {string} name */
  const pick = (name) => {
    wanted = { dump: state.dump, name };
    redraw("carry");
  };
  const shown =
    every.length > 1
      ? choiceList("Track to compare; the one that differs most comes first", options, track.name, pick)
      : element("strong", "", options[0][1]);
  place.replaceChildren(shown, element("span", "", "against the corpus"));
  if (isFocused) requestAnimationFrame(() => shown.focus({ preventScroll: true }));
}

/**
 * @param {CarriedTrack} track
 * @param {string} name
 * @param {CarriedValue} value
 * @param {Evidence | null} evidence
 * @param {number} end of the bars, a share
 */
function row(track, name, value, evidence, end) {
  const asked = filterable(track);
  const [hypothesis] = asked ? toggledFilter([], asked, value, false) : [null];
  const shown = showToken(value.value).text;
  const called = track.isOfTokens ? `the token “${shown}”` : `${name} ${shown}`;
  return carriedRow({
    track,
    value,
    name,
    isAllowed: asked && isValueAllowed(filters(), asked, value),
    isRegion: isRegion(),
    isFound: hypothesis !== null && isFound(hypothesis),
    evidence: evidenceOf(evidence, value),
    end,
    toggle: asked && ((isMore) => toggle(asked, value, isMore)),
    called,
    find: hypothesis && (() => findUnits(hypothesis, called)),
  });
}

/**
 * @param {CarriedTrack} track
 * @param {CarriedValue} value
 * @param {boolean} isMore
 */
function toggle(track, value, isMore) {
  const next = toggledFilter(filters(), track, value, isMore);
  if (next.some((one) => (one.labels || []).length > MOST))
    return notify("limit", `A filter holds at most ${MOST} labels.`);
  changeLimits({ filters: next });
}

/**
 * @param {CarriedTrack} track
 * @param {string} name
 * @param {CarriedValue} value
 */
function conclusion({ isOfTokens }, name, value) {
  const shown = Object.assign({}, value, { value: showToken(value.value).text });
  const { figure, rest } = enrichmentSentence(name, shown, isOfTokens);
  const line = element("p", "lv-card-note lv-carry-said");
  line.append(
    element("strong", "lv-figure", figure),
    ` ${isRegion() ? rest.replace("the matched steps", "the region's steps") : rest}.`,
  );
  return line;
}

/**
 * Whether that is more than chance, and how certain it is; its room is reserved before the answer comes.
 * @param {CarriedTrack} track
 * @param {Evidence | null} evidence
 * @param {CarriedValue | null} best
 */
function certainty(track, evidence, best) {
  if (evidence?.error) return failed("Whether this is chance could not be computed", evidence.error, askEvidenceAgain);
  const noun = track.isOfTokens ? "token" : "value";
  const sentence = evidence && best ? evidenceSentence(evidence, evidenceOf(evidence, best), noun) : "";
  const words = evidence?.left_out || sentence;
  const isNext = model.tracks.some((one) => one.name === track.name && one.concerns === "next");
  const next = words && isNext ? " This track concerns the next token, not the state here." : "";
  const chosen = words && wereUnitsChosenBy(track) ? CHOSEN_BY : "";
  return hint(`${words}${next}${chosen}`, evidence && !words ? "" : "lv-carry-sure");
}

/* The filters that hold now, in words, whichever track they are on; over the matches each can be changed and dropped. */
function drawLimits() {
  const words = filters().map((filter) => filterWords(spelled(filter), valueText));
  limits.textContent = words.length ? `Only matches with ${words.join(", ")}.` : "";
}

/**
 * A filter with its names as they are shown.
 * @param {Filter} filter
 */
function spelled(filter) {
  /** @param {string} text */
  const show = (text) => showToken(text).text;
  return Object.assign(
    {},
    filter,
    { track: show(filter.track) },
    filter.labels ? { labels: filter.labels.map(show) } : {},
  );
}

/* The name of the track that is compared. */
export const shownTrack = () => chosen()?.name;

/* For tests. */
export function inspectEnrichmentCard() {
  /** @param {string} selector */
  const texts = (selector) => Array.from(card.body.querySelectorAll(selector), (one) => one.textContent);
  return {
    track: shownTrack(),
    tracks: tracks().map((track) => track.name),
    names: texts(".lv-carry-name"),
    numbers: texts(".lv-carry-number"),
    filters: texts(".lv-carry-limits"),
    words: card.body.textContent,
  };
}
