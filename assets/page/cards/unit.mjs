/* The unit card: what the unit that was pressed does over the whole corpus. */

import { button, choiceList, element, focusedIn } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { svgBar, svgDrawing, svgLine, svgText, tellPointed } from "../dom/svg.mjs";
import { tickText } from "../lib/axis.mjs";
import { changingAnswer } from "../lib/questions.mjs";
import { grouped, signed, thresholdText, valueText } from "../lib/scale.mjs";
import { binName, binsBetween, fillBins, percent } from "../lib/shares.mjs";
import { showToken } from "../lib/tokens.mjs";
import { contextStrength, onPart, unitSentence, unitTracks } from "../lib/unit-summary.mjs";
import { clamp } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { holdUnit } from "../store/colouring.mjs";
import { unitWithThreshold } from "../store/edits.mjs";
import { model } from "../store/model.mjs";
import { shortSource } from "../store/naming.mjs";
import { getJson } from "../store/request.mjs";
import { state } from "../store/state.mjs";
import { ownTracksFirst } from "../store/tracks.mjs";
import { tracksQuery } from "../store/tracks-revision.mjs";
import { panTo } from "../store/view.mjs";
import { failed, hint, makeCard, nameWidth } from "./card.mjs";
import { askPartner, partnerKey, partnerLine } from "./partner.mjs";

const SIZE = { histogram: 62, axis: 15, runs: 34 }; // px
const RUNS = 24; // bars of run lengths
const ROWS = 6; // values of a track
const TRACKS = 2; // until more are asked for
const HINT = "Press a line or a chip: what that unit does over the whole corpus.";
const SIDES = [
  ["high", "on high"],
  ["low", "on low"],
];
let /** @type {Card} */ card;
let /** @type {ReturnType<typeof changingAnswer>} */ server;
let /** @type {HTMLButtonElement} */ close;
let /** @type {HTMLSelectElement} */ side;
let /** @type {{ name: string, side: Side }} */ turned = null; // {name, side}: the side that was asked for by hand
let isAll = false; // are all tracks listed?
let tokensOf = "token here"; // whose tokens are listed
let drawnKey = "";
let /** @type {string} */ shownFor = null; // the unit that the card is about

export function makeUnitCard() {
  card = makeCard(ids.card, "Unit");
  server = changingAnswer({ get: getJson, changed: () => redraw("card"), pause: 200 });
  side = choiceList("On which side of its threshold", SIDES, "high", (value) => {
    turned = { name: name(state.held), side: /** @type {Side} */ (value) };
    redraw("card");
  });
  close = button("lv-card-close", "×", "Close the unit's card", shut);
  card.tools.append(side, close);
  onFrame("selection", draw);
  onFrame("units", draw); // the pattern has changed: so may the unit's side and threshold
  onFrame("card", draw);
}

/* Close the card; keyboard users continue at the lines. */
function shut() {
  holdUnit(null, null);
  (document.getElementById(ids.plot).clientHeight ? document.getElementById(ids.plot) : card.title).focus({
    preventScroll: true,
  });
}

/** @param {HeldUnit} unit */
const name = ({ source, unit }) => `${source}/${unit}`;

/* The highlighted unit as the pattern has it, or as the brush would: {source, unit, side, threshold}; null where none is. */
function asked() {
  const { held } = state;
  const source = held && model.dump && model.sourceOf(held.source);
  if (!source) return null;
  const known = (model.chosen || []).filter((one) => one.source === held.source && one.unit === held.unit);
  const wanted =
    turned && turned.name === name(held)
      ? turned.side
      : known.length
        ? known[0].side
        : state.side === "low"
          ? "low"
          : "high";
  return known.find((one) => one.side === wanted) || unitWithThreshold(held.source, held.unit, wanted);
}

/** @param {Unit} unit */
function path({ source, unit, side: own, threshold }) {
  const asked = `t=${own === "low" ? -threshold : threshold}&side=${own}`;
  return `d/${state.dump}/unit/${model.sourceOf(source).index}/${unit}?${[asked, tracksQuery()].filter(Boolean).join("&")}`;
}

function draw() {
  if (!model.source) return;
  const one = asked();
  if (one) server.want(path(one));
  else server.want();
  askPartner(one);
  for (const tool of [side, close]) tool.hidden = !one;
  if (one) side.value = one.side;
  const [answer] = server.value() || [];
  const isOf = answer && one && answer.source === one.source && answer.unit === one.unit;
  const { dump, source } = state;
  const now = JSON.stringify([
    one && name(one),
    dump,
    source,
    isOf && [answer.side, answer.threshold],
    server.problem(),
    server.isLate(),
    partnerKey(),
    isAll,
    tokensOf,
    card.width(),
    card.isFolded(),
    typeScale(),
  ]);
  if (now === drawnKey || card.isPressed()) return;
  drawnKey = now;
  const isNew = one !== null && name(one) !== shownFor;
  shownFor = one && name(one);
  if (isNew && one && card.isFolded()) return card.fold(false); // pressing a unit asks for its card
  card.title.replaceChildren(one ? `Unit ${one.unit}` : "Unit");
  if (one && one.source !== source) card.title.append(element("span", "lv-card-of", ` of ${shortSource(one.source)}`));
  card.body.classList.toggle("lv-stale", Boolean(isOf) && server.isLate());
  const focused = focusedIn(card.body);
  if (!one) card.body.replaceChildren(hint(HINT));
  else if (server.problem())
    card.body.replaceChildren(failed("This unit could not be summarised", server.problem(), server.again));
  else if (isOf) card.body.replaceChildren(...parts(answer));
  else if (server.isLate() || isNew)
    card.body.replaceChildren(hint(server.isLate() ? "Reading the whole corpus …" : ""));
  if (focused && !focused.isConnected) focusAgain(focused);
}

/**
 * The keyboard focus stays on the choice of tokens; from anything else that is gone it goes to the card's head.
 * @param {HTMLElement} gone
 */
function focusAgain(gone) {
  const tokens = ".lv-card-tokens select";
  const again = gone.matches(tokens) && /** @type {HTMLElement} */ (card.body.querySelector(tokens));
  (again || card.title).focus({ preventScroll: true });
}

/** @param {any} answer */
function parts(answer) {
  const values = [
    histogram(answer),
    element("p", "lv-card-words", summaryWords(answer)),
    ...partnerLine(),
    ...runs(answer),
  ];
  return [values, contexts(answer), [...tokens(answer), ...tracks(answer)]].map((some) => {
    const part = element("div", "lv-card-part");
    part.append(...some);
    return part;
  });
}

/** @param {any} answer */
function summaryWords(answer) {
  const words = unitSentence(answer);
  return `${words[0].toUpperCase()}${words.slice(1)}`;
}

/** @param {any} answer */
const sign = (answer) => (answer.side === "low" ? "≤" : "≥");

/**
 * Its values, those that are on in the colour of what is pressed.
 * @param {any} answer
 */
function histogram(answer) {
  const { low, high, n_steps: counts } = answer.histogram;
  const wide = card.width();
  const drawn = svgDrawing(
    wide,
    SIZE.histogram + SIZE.axis * typeScale(),
    `Histogram of unit ${answer.unit}'s values from ${low[0]} to ${high.at(-1)}, ${sign(answer)} ${thresholdText(answer.threshold)} on: ${summaryWords(answer)}`,
  );
  const most = Math.max(1, ...counts);
  const [least, end] = [low[0], high.at(-1)];
  /** @param {any} value */
  const x = (value) => ((value - least) / (end - least || 1)) * wide;
  counts.forEach((/** @type {number} */ count, /** @type {number} */ k) => {
    if (!count) return;
    const tall = Math.max(1.5, (count / most) * SIZE.histogram);
    const [left, room] = [x(low[k]) + 0.5, Math.max(1, x(high[k]) - x(low[k]) - 1)];
    drawn.append(svgBar("lv-svg-off", left, SIZE.histogram - tall, room, tall));
    const on = onPart(low[k], high[k], answer.threshold, answer.side);
    if (on)
      drawn.append(svgBar("lv-svg-on", left + on.from * room, SIZE.histogram - tall, (on.to - on.from) * room, tall));
  });
  drawn.append(svgLine("lv-svg-axis", 0, SIZE.histogram + 0.5, wide, SIZE.histogram + 0.5));
  const at = Math.min(wide, Math.max(0, x(answer.threshold)));
  drawn.append(svgLine("lv-svg-threshold", at, 0, at, SIZE.histogram));
  const ends = [least, 0, end];
  /** @param {any} value */
  const isClear = (value) => Math.abs(x(value) - at) > 40 * typeScale();
  for (const [value, anchor] of [[least, "start"], [end, "end"], ...(least < 0 && end > 0 ? [[0, "middle"]] : [])]) {
    if (isClear(value))
      drawn.append(svgText("", tickText(value, ends), x(value), SIZE.histogram + 12 * typeScale(), anchor));
  }
  const own = `${sign(answer)} ${thresholdText(answer.threshold)}`;
  drawn.append(
    svgText(
      "lv-svg-strong",
      own,
      clamp(at, 22 * typeScale(), wide - 22 * typeScale()),
      SIZE.histogram + 12 * typeScale(),
      "middle",
    ),
  );
  tellPointed(drawn, (px) => {
    const k = Math.min(counts.length - 1, Math.max(0, Math.floor((px / wide) * counts.length)));
    return [
      `${valueText(low[k])} to ${valueText(high[k])}`,
      plural(counts[k], "step"),
      `${percent(counts[k] / (answer.n_steps - answer.n_nan))} of the corpus`,
    ];
  });
  return drawn;
}

/**
 * How long it stays on.
 * @param {any} answer
 */
function runs(answer) {
  const { length, n_runs: counts } = answer.run_lengths;
  if (!length.length) return [];
  const bars = binsBetween(1, length.at(-1), RUNS);
  const filled = fillBins(
    bars,
    length.map((/** @type {number} */ value, /** @type {number} */ k) => [value, counts[k]]),
  );
  const wide = card.width();
  const cell = wide / Math.max(8, bars.length);
  const drawn = svgDrawing(
    wide,
    SIZE.runs + SIZE.axis * typeScale(),
    `Lengths of its ${plural(answer.n_runs, "run")}: median ${answer.median_run}, longest ${length.at(-1)} steps`,
  );
  const most = Math.max(...filled);
  filled.forEach((count, k) => {
    const tall = count ? Math.max(1.5, (count / most) * SIZE.runs) : 0;
    drawn.append(svgBar("lv-svg-on", k * cell + 0.5, SIZE.runs - tall, Math.max(1, cell - 1), tall));
  });
  drawn.append(svgLine("lv-svg-axis", 0, SIZE.runs + 0.5, wide, SIZE.runs + 0.5));
  drawn.append(svgText("", "1", cell / 2, SIZE.runs + 12 * typeScale(), "middle"));
  if (bars.length > 1)
    drawn.append(svgText("", grouped(bars.at(-1).to), bars.length * cell, SIZE.runs + 12 * typeScale(), "end"));
  tellPointed(drawn, (px) => {
    const k = Math.floor(px / cell);
    return bars[k] ? [`on for ${binName(bars[k])} steps`, plural(filled[k], "run")] : null;
  });
  return [element("h3", "lv-card-head3", `Steps on at a time: ${plural(answer.n_runs, "run")}`), drawn];
}

/**
 * Where it is strongest, each a line that leads there.
 * @param {any} answer
 */
function contexts(answer) {
  if (!answer.contexts.length) return [];
  const list = element("div", "lv-contexts", "", { role: "group", "aria-label": "Where it is strongest" });
  const { low, high } = model.sourceOf(answer.source);
  const reach = Math.max(Math.abs(low), Math.abs(high));
  list.append(...answer.contexts.map((/** @type {any} */ one) => context(answer, one, reach)));
  return [element("h3", "lv-card-head3", "Strongest at"), list];
}

/**
 * @param {any} answer
 * @param {any} one
 * @param {number} reach
 */
function context(answer, one, reach) {
  const value = valueText(one.value);
  const row = element("button", "lv-context", "", {
    type: "button",
    title: `${value} at step ${grouped(one.step)}: go there`,
  });
  const halves = [element("span", "lv-context-before"), element("span", "lv-context-after")];
  one.values.forEach((/** @type {number | null} */ here, /** @type {number} */ k) => {
    const shown = one.tokens ? showToken(one.tokens[k]).text : "";
    const cell = element("bdi", one.start + k === one.step ? "lv-context-at" : "", shown);
    if (!one.tokens) cell.classList.add("lv-context-number");
    cell.classList.toggle("lv-text-unknown", one.unknown.includes(k));
    const share = contextStrength(here, answer.threshold, answer.side, reach);
    if (share > 0) cell.style.setProperty("--lv-share", `${Math.round(share * 50)}%`);
    halves[one.start + k < one.step ? 0 : 1].append(cell);
  });
  row.append(...halves);
  row.setAttribute(
    "aria-label",
    `Step ${grouped(one.step)}, ${value}: ${one.tokens ? row.textContent.slice(0, 200) : "go there"}`,
  );
  row.addEventListener("click", () => panTo(one.step - Math.floor(state.span / 3), "push"));
  return row;
}

/** @type {Record<string, string>} */
const PLACES = { "token here": "where it is on", "token before": "just before", "token after": "just after" };

/**
 * The tokens it is on at, or just before and after its runs, each against the whole corpus (the line).
 * @param {any} answer
 */
function tokens(answer) {
  const places = answer.tokens.filter((/** @type {any} */ one) => one.value.length);
  const shown = places.find((/** @type {any} */ one) => one.name === tokensOf) || places[0];
  if (!shown) return [];
  const head = element("div", "lv-card-track lv-card-tokens");
  const pick = choiceList(
    "Whose tokens: those at its steps, before or after its runs",
    places.map((/** @type {any} */ one) => [one.name, PLACES[one.name]]),
    shown.name,
    (name) => {
      tokensOf = name;
      redraw("card");
    },
  );
  head.append(element("span", "", "Tokens"), pick);
  const rows = element("div", "lv-card-token-rows");
  const names = shown.value.map((/** @type {string} */ token) => showToken(token).text);
  rows.style.setProperty("--lv-name", nameWidth(names));
  const most = Math.max(...shown.share, ...shown.base_rate);
  names.forEach((/** @type {string} */ name, /** @type {number} */ k) => rows.append(tokenShare(shown, name, k, most)));
  return [head, rows];
}

/**
 * @param {any} shown
 * @param {string} name
 * @param {number} k
 * @param {number} most the longest bar's share
 */
function tokenShare(shown, name, k, most) {
  const [share, base] = [shown.share[k], shown.base_rate[k]];
  const place = PLACES[shown.name];
  const summary = `${percent(share)} of the tokens ${place} (${grouped(shown.n_steps[k])}), ${percent(base)} of the corpus`;
  return rateRow(name, share / most, base / most, percent(share), `${name}: ${summary}`, summary);
}

/**
 * On-rates by the values of each track, against the overall one (the line).
 * @param {any} answer
 */
function tracks(answer) {
  const every = ownTracksFirst(unitTracks(answer, ROWS));
  const seen = isAll ? every : every.slice(0, TRACKS);
  const /** @type {HTMLElement[]} */ rows = seen.flatMap((track) => {
      const correlation = track.r === null ? "" : ` · r ${signed(track.r, 2)}`;
      const more = track.nValues > track.rows.length ? ` · ${track.rows.length} of ${track.nValues} values` : "";
      const head = element("h3", "lv-card-head3", `On by ${showToken(track.name).text}${correlation}${more}`);
      const rates = element("div");
      rates.style.setProperty("--lv-name", nameWidth(track.rows.map((row) => showToken(String(row.value)).text)));
      rates.append(...track.rows.map((row) => trackRow(track, row)));
      return [head, rates];
    });
  if (every.length > TRACKS) {
    const more = button(
      "lv-link lv-card-more",
      isAll ? "Fewer tracks" : `All ${every.length} tracks`,
      "Tracks that are listed here",
      () => {
        isAll = !isAll;
        redraw("card");
      },
    );
    rows.push(more);
  }
  return rows;
}

/**
 * @param {any} track
 * @param {any} row
 */
function trackRow(track, row) {
  const value = showToken(String(row.value)).text;
  const summary = `on in ${percent(row.onRate)} of ${plural(row.nSteps, "step")}, in ${percent(track.overall)} of all`;
  const spoken = `${showToken(track.name).text} ${value}: ${summary}`;
  return rateRow(value, row.onRate || 0, track.overall, percent(row.onRate), spoken, summary);
}

/**
 * A name, a bar with a line where the whole corpus is, and a number.
 * @param {string} name
 * @param {number} share
 * @param {number} overall
 * @param {string} number
 * @param {string} spoken
 * @param {string} title
 */
function rateRow(name, share, overall, number, spoken, title) {
  const whole = element("div", "lv-rate", "", { role: "img", "aria-label": spoken, title });
  const room = element("span", "lv-rate-room");
  const bar = element("span", "lv-rate-bar");
  bar.style.width = `${share * 100}%`;
  const line = element("span", "lv-rate-overall");
  line.style.left = `${overall * 100}%`;
  room.append(bar, line);
  whole.append(element("bdi", "lv-rate-name", name), room, element("span", "lv-rate-number", number));
  return whole;
}

/* For tests. */
export function inspectUnitCard() {
  const [answer] = server.value() || [];
  return {
    answer: answer || null,
    isPending: server.isPending(),
    problem: server.problem(),
    words: card.body.textContent,
  };
}
