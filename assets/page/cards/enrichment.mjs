/* What the matches carry: for a track, how often each of its values stands at their steps, against the whole corpus. A bar
   pressed keeps the matches with that value. */

import { choiceList, element, focusedIn } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { notify } from "../dom/notice.mjs";
import { typeScale } from "../dom/projector.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import {
  byStrength,
  enrichmentSentence,
  filterWords,
  isValueAllowed,
  strongestValue,
  toggledFilter,
  valueRows,
} from "../lib/enrichment.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { decimal, percent } from "../lib/shares.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { changeLimits, presentLimits } from "../store/edits.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { summaryAnswer } from "../store/summary.mjs";
import { ownTracksFirst } from "../store/tracks.mjs";
import { hint, makeCard, nameWidth, noSummary } from "./card.mjs";

const HINT = "Brush some tokens: what their matches have in common, in each track.";
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
  for (const name of ["selection", "summary", "carry"]) onFrame(name, draw);
}

/* The tracks of the present answer, the corpus's own before predictions, the most telling first; and which is shown. */
function tracks() {
  const answer = summaryAnswer();
  return answer?.carry ? ownTracksFirst(byStrength(answer.carry.tracks)) : [];
}

function chosen() {
  const every = tracks();
  const asked = wanted && wanted.dump === state.dump && every.find((track) => track.name === wanted.name);
  return asked || every[0] || null;
}

const isRegion = () => Boolean(summaryAnswer()?.is_region);
const whose = () => (isRegion() ? "region" : "matches");
const filters = () => presentLimits().filters;

function draw() {
  if (!model.source) return;
  const answer = summaryAnswer();
  const missing = noSummary(HINT);
  const now = JSON.stringify([missing?.textContent, answer?.key, state.dump, wanted, filters(), typeScale()]);
  if (now === drawnKey) return;
  drawnKey = now;
  card.title.textContent = isRegion() ? "What the region carries" : "What the matches carry";
  drawLimits();
  if (missing) card.body.replaceChildren(missing, ...limitRow());
  else if (!model.tracks.length)
    card.body.replaceChildren(hint("This recording has no tracks to compare."), ...limitRow());
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
  const longest = Math.max(...rows.map((value) => Array.from(showToken(value.value).text).length));
  list.style.setProperty("--lv-name", nameWidth(longest));
  list.append(...rows.map((value) => row(track, name, value)));
  const focused = focusedIn(card.body)?.dataset.value;
  const parts = [place, list];
  if (track.n_values > rows.length)
    parts.push(hint(`${plural(track.n_values - rows.length, "more value")} not listed`));
  const best = strongestValue(track);
  if (best) parts.push(conclusion(name, best));
  card.body.replaceChildren(...parts, ...limitRow());
  const again =
    focused !== undefined &&
    /** @type {HTMLElement[]} */ ([...list.children]).find((one) => one.dataset.value === focused);
  if (again) again.focus({ preventScroll: true });
}

/**
 * "track depth against the corpus", the name a choice where there are several.
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
      ? choiceList("Track to compare, the most telling first", options, track.name, pick)
      : element("strong", "", options[0][1]);
  place.replaceChildren("track ", shown, element("span", "", "against the corpus"));
  if (isFocused) requestAnimationFrame(() => shown.focus({ preventScroll: true }));
}

/**
 * A value: its base rate over its share, each a bar; pressed, it filters.
 * @param {CarriedTrack} track
 * @param {string} name
 * @param {CarriedValue} value
 */
function row(track, name, value) {
  const shown = showToken(value.value).text;
  const isAllowed = isValueAllowed(filters(), track, value);
  const counts = `${grouped(value.n_steps)} of ${plural(track.n_steps, isRegion() ? "step" : "matched step")}, ${grouped(value.n_corpus)} of ${grouped(track.n_corpus)} in the corpus`;
  const whole = element("button", "lv-carry", "", {
    type: "button",
    "aria-pressed": String(isAllowed === true),
    "aria-label": `${name} ${shown}: share ${decimal(value.share)}, base rate ${decimal(value.base_rate)}`,
  });
  whole.dataset.value = value.value;
  whole.classList.toggle("lv-shut", isAllowed === false);
  const room = element("span", "lv-carry-room");
  const /** @type {[className: string, share: number][]} */ bars = [
      ["lv-carry-base", value.base_rate],
      ["lv-carry-share", value.share],
    ];
  for (const [className, share] of bars) {
    const bar = element("span", className);
    bar.style.width = share > 0 ? `max(1.5px, ${share * 100}%)` : "0";
    room.append(bar);
  }
  whole.append(element("bdi", "lv-carry-name", shown), room, element("span", "lv-carry-number", decimal(value.share)));
  const acts =
    isAllowed === true
      ? "press to take the filter away"
      : `press to keep only ${isRegion() ? "steps" : "matches"} with it${track.kind === "number" && isAllowed === false ? ", with Shift to keep it too" : ""}`;
  whole.addEventListener("pointermove", (event) =>
    showTip(event, [
      `${name} ${shown}`,
      `${percent(value.share)} of the ${whose()}, ${percent(value.base_rate)} of the corpus`,
      counts,
      acts,
    ]),
  );
  whole.addEventListener("pointerleave", () => hideTip());
  whole.addEventListener("click", (event) => toggle(track, value, event.shiftKey));
  return whole;
}

/**
 * @param {CarriedTrack} track
 * @param {CarriedValue} value
 * @param {boolean} isMore
 */
function toggle(track, value, isMore) {
  hideTip();
  const next = toggledFilter(filters(), track, value, isMore);
  if (next.some((one) => (one.labels || []).length > MOST))
    return notify("limit", `A filter holds at most ${MOST} labels.`);
  changeLimits({ filters: next });
}

/**
 * @param {string} name
 * @param {CarriedValue} value
 */
function conclusion(name, value) {
  const { figure, rest } = enrichmentSentence(name, Object.assign({}, value, { value: showToken(value.value).text }));
  const line = element("p", "lv-card-note lv-carry-said");
  line.append(
    element("strong", "lv-figure", figure),
    ` ${isRegion() ? rest.replace("the matched steps", "the region's steps") : rest}.`,
  );
  return line;
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

/* For tests. */
export function inspectEnrichmentCard() {
  /** @param {string} selector */
  const texts = (selector) => Array.from(card.body.querySelectorAll(selector), (one) => one.textContent);
  return {
    track: chosen()?.name,
    tracks: tracks().map((track) => track.name),
    names: texts(".lv-carry-name"),
    numbers: texts(".lv-carry-number"),
    filters: texts(".lv-carry-limits"),
    words: card.body.textContent,
  };
}
