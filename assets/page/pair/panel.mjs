/* The pair of texts under the tokens: what an encoder read over what a decoder wrote, attention as lines or as a heat map between
   them, and what a brush on one of them has the other do. */

import { button, choiceList, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { addCanvas, themeColours } from "../dom/theme.mjs";
import { grouped } from "../lib/scale.mjs";
import { percent } from "../lib/shares.mjs";
import { joinedText } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { openSource } from "../store/open.mjs";
import {
  goToPair,
  needPair,
  needStates,
  otherSide,
  otherSource,
  otherSources,
  pairFocus,
  pairProblem,
  partner,
  partnerChoices,
  presentPair,
  unitsOn,
} from "../store/pair.mjs";
import { changeState, hover, state } from "../store/state.mjs";
import { drawGutter, drawPair, drawPointed, isHeat, pairHeights, sourceOf, TOKENS, unitsOfLane } from "./draw.mjs";
import { bringIntoView, layLanes, layRows, makeLanes, pointedToken, resetLanes } from "./lanes.mjs";

const QUOTED = 36; // characters of a text that is quoted
let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ head;
let /** @type {HTMLElement} */ body;
let /** @type {HTMLElement} */ stage;
let /** @type {HTMLCanvasElement} */ gutter;
let /** @type {HTMLCanvasElement} */ base;
let /** @type {HTMLCanvasElement} */ overlay;
let /** @type {PairLane[]} */ lanes;
let drawnHead = "";
let shownPair = "";
let drawn = ""; // what the canvases show
let followed = ""; // the brush and what the other text does that were last brought into view

/* Returns what tests ask of it. */
export function makePair() {
  place = document.getElementById(ids.pair);
  head = element("div", "lv-pair-head");
  body = element("div", "lv-pair-body");
  const inner = element("div", "lv-pair-inner");
  gutter = element("canvas", "lv-pair-gutter", "", { "aria-hidden": "true" });
  stage = element("div", "lv-pair-stage");
  base = addCanvas(stage, "lv-layer", "Both texts, the units of each, and the attention between them");
  overlay = addCanvas(stage, "lv-layer");
  lanes = makeLanes();
  stage.append(...lanes.map((lane) => lane.place));
  inner.append(gutter, stage);
  body.append(inner);
  onFrame(["pair", "base", "selection", "units"], draw);
  onFrame(["pairhover", "overlay", "pair", "base", "selection", "units"], drawOver);
  return { inspectPair };
}

function draw() {
  if (!model.source || !partner()) {
    if (place.firstChild) place.replaceChildren();
    return;
  }
  if (!place.firstChild) place.append(head, body);
  const isOpen = state.pair !== "off";
  if (isOpen) needPair();
  const pair = isOpen ? presentPair() : null;
  const [left, room] = [geometry.left(), geometry.width()];
  if (pair) lay(pair, room);
  fillHead(pair);
  body.hidden = !isOpen;
  body.classList.toggle("lv-pair-waits", isOpen && !pair);
  if (!pair) return;
  const now = look(pair, left, room);
  if (now === drawn) return; // as while one moves along the text: its lines are many
  drawn = now;
  const heights = pairHeights(pair, lanes);
  stage.style.cssText = `width:${room}px;height:${heights.end}px`;
  for (const canvas of [base, overlay]) canvas.style.cssText = `width:${room}px;height:${heights.end}px`;
  gutter.style.cssText = `width:${left}px;height:${heights.end}px`;
  placeLanes(heights, room);
  drawPair(base, pair, lanes, room);
  drawGutter(gutter, pair, lanes, left);
}

/**
 * All that the drawing depends on, as a text.
 * @param {PairAnswer} pair
 * @param {number} left
 * @param {number} room
 */
function look(pair, left, room) {
  const { uuid, attention, sequence, here, there } = pair;
  return JSON.stringify([
    [uuid, attention, sequence, here.axis, here.first, there.axis, there.first, isHeat(pair)],
    [left, room, typeScale(), themeColours().bg, window.devicePixelRatio],
    [pairFocus(), otherSide()?.run],
    lanes.map((lane) => [
      sourceOf(lane)?.name,
      Boolean(sourceOf(lane)) && needStates(sourceOf(lane), lane.text),
      lane.shift,
      unitsOfLane(lane),
    ]),
  ]);
}

/**
 * Lay both texts out, and have what is brushed, and what the other text does, in view.
 * @param {PairAnswer} pair
 * @param {number} room
 */
function lay(pair, room) {
  const name = `${pair.uuid} ${pair.here.axis} ${pair.sequence} ${pair.here.first} ${isHeat(pair)}`;
  if (name !== shownPair) resetLanes();
  shownPair = name;
  layLanes(pair, room);
  const { row, rows } = pairHeights(pair, lanes);
  if (row) layRows(lanes[1], row, rows);
  const [focus, run] = [pairFocus(), otherSide()?.run];
  const now = JSON.stringify([name, focus, run]);
  if (now === followed) return;
  followed = now;
  for (const lane of lanes) {
    const span = focus && (focus.isHere === lane.isHere ? focus : run);
    if (span) bringIntoView(lane, span);
  }
}

/**
 * The places of the lanes take what belongs to their tokens: these and the lines beside them, or the rows of the heat map.
 * @param {ReturnType<typeof pairHeights>} heights
 * @param {number} room
 */
function placeLanes(heights, room) {
  const [first, second] = lanes;
  const tall = TOKENS * typeScale();
  first.place.style.cssText = `width:${room}px;top:0;height:${heights.top + tall}px`;
  const end = second.isDown ? heights.below : heights.end;
  second.place.style.cssText = `width:${room}px;top:${heights.bottom}px;height:${end - heights.bottom}px`;
}

function drawOver() {
  const pair = state.pair === "off" || !place.firstChild ? null : presentPair();
  if (!pair || !lanes[0].text || !lanes.some((lane) => lane.text === pair.here)) return;
  const point = pointedToken();
  const points = point ? [point] : [];
  const k = hover.step === null ? -1 : hover.step - pair.here.first;
  if (!point && k >= 0 && k < pair.here.tokens.length) points.push({ isHere: true, k });
  drawPointed(overlay, pair, lanes, geometry.width(), points);
}

/** @param {PairAnswer | null} pair */
function fillHead(pair) {
  const parts = pair ? sentence(pair) : [];
  const now = JSON.stringify([
    state.pair,
    pair && [pair.uuid, pair.here.axis, pair.sequence, pair.attention],
    pairProblem(),
    parts.map((part) => (typeof part === "string" ? part : part.textContent)),
    [state.pairWith, otherSource()?.name, state.dump, model.axis.index],
    pair && aim(pair),
  ]);
  if (now === drawnHead) return;
  drawnHead = now;
  const focused = head.contains(document.activeElement) && document.activeElement.getAttribute("data-act");
  head.replaceChildren(...headParts(pair, parts));
  if (focused)
    /** @type {HTMLElement} */ (head.querySelector(`[data-act="${focused}"]`))?.focus({ preventScroll: true });
}

/**
 * @param {PairAnswer | null} pair
 * @param {(string | Node)[]} parts
 */
function headParts(pair, parts) {
  const isOpen = state.pair !== "off";
  const fold = act("fold", "lv-survey-fold", `${isOpen ? "▾" : "▸"} Pair of texts`, "Both texts of the pair", () =>
    changeState({ pair: isOpen ? "off" : "lines" }, "settle"),
  );
  fold.setAttribute("aria-expanded", String(isOpen));
  const heading = element("h2");
  heading.append(fold);
  if (!isOpen) return [heading];
  const said = element("p", `lv-pair-said${pairFocus() ? "" : " lv-dim"}`, "", { role: "status" });
  said.append(...(pairProblem() ? [`The pair could not be loaded: ${pairProblem()}`] : parts));
  return [heading, ...(pair ? moveParts(pair) : []), element("span", "lv-spacer"), ...toolParts(pair), said];
}

/** @param {PairAnswer} pair */
function moveParts(pair) {
  const back = act("back", "lv-pair-step", "‹", "The pair before", () => goToPair(pair.before));
  const on = act("on", "lv-pair-step", "›", "The next pair", () => goToPair(pair.after));
  back.disabled = pair.before === null;
  on.disabled = pair.after === null;
  const count = element("span", "lv-pair-count", `pair ${grouped(pair.sequence)} of ${grouped(pair.n_sequences)}`);
  return [back, count, on];
}

/** @param {PairAnswer | null} pair */
function toolParts(pair) {
  const parts = [];
  const choices = partnerChoices();
  const { axis, attention } = partner();
  const name = attention || model.dump.about.axes[axis].name;
  if (choices.length > 1) {
    const list = choiceList("Which attention is shown", choices, name, (value) =>
      changeState({ pairWith: value, pairSource: "", pairBrush: null }, "settle"),
    );
    list.dataset.act = "with";
    parts.push(list);
  }
  const sources = otherSources();
  if (sources.length > 1) {
    const options = sources.map((source) => [source.name, source.name]);
    const list = choiceList("Whose lines are drawn at the other text", options, otherSource().name, (value) =>
      changeState({ pairSource: value }, "settle"),
    );
    list.dataset.act = "source";
    parts.push(list);
  }
  if (pair?.weights.length) {
    const group = element("div", "lv-pair-looks", "", { role: "group", "aria-label": "Attention as" });
    for (const [value, words, title] of [
      ["lines", "lines", "Attention as lines between the tokens"],
      ["heat", "heat map", "Attention as a heat map: a row for each token that attends"],
    ]) {
      const look = act(value, "lv-menu-button", words, title, () =>
        changeState({ pair: /** @type {State["pair"]} */ (value) }, "settle"),
      );
      look.setAttribute("aria-pressed", String(state.pair === value));
      look.classList.toggle("lv-menu-on", state.pair === value);
      group.append(look);
    }
    parts.push(group);
  }
  return parts;
}

/**
 * @param {string} name
 * @param {string} className
 * @param {string} words
 * @param {string} title
 * @param {() => unknown} press
 */
function act(name, className, words, title, press) {
  const made = button(className, words, title, press);
  made.dataset.act = name;
  return made;
}

/**
 * What is brushed and what the other text does, in words.
 * @param {PairAnswer} pair
 * @returns {(string | Node)[]}
 */
function sentence(pair) {
  const focus = pairFocus();
  if (!focus) return ["press a token, or drag over several, to see what the other text does"];
  if (!pair.weights.length) return [quoted(focus.isHere ? pair.here : pair.there, focus.from, focus.to)];
  const [one, other] = focus.isHere ? [pair.here, pair.there] : [pair.there, pair.here];
  const { run } = otherSide();
  const brushed = quoted(one, focus.from, focus.to);
  if (!run) return [brushed, " has no attention"];
  const attends = focus.isHere === pair.attends;
  const words = attends ? " attends most to " : " is attended to most by ";
  const units = unitWords(other, run);
  const go = act("brush", "lv-link", "Brush it", "Brush that text, with the units that are on there", () =>
    brushOther(pair),
  );
  return [brushed, words, quoted(other, run.from, run.to), ` (${percent(run.share)})${units}`, " ", go];
}

/**
 * @param {PairText} text
 * @param {{ from: number, to: number }} run
 */
function unitWords(text, run) {
  const lane = lanes.find((one) => one.text === text);
  const source = lane && sourceOf(lane);
  const units = source && unitsOn(text, source, run.from, run.to);
  return units ? `; ${plural(units.length, "unit")} of ${source.name} on there` : "";
}

/**
 * A stretch of a text as a quotation.
 * @param {PairText} text
 * @param {number} from
 * @param {number} to
 */
function quoted(text, from, to) {
  const words = joinedText(
    text.shown.slice(from, to).map((one) => one.text),
    model.dump.about.axes[text.axis],
  );
  const chars = Array.from(words);
  const cut = chars.length > QUOTED ? `${chars.slice(0, QUOTED - 1).join("")}…` : words;
  return element("bdi", "lv-pair-quoted", cut);
}

/**
 * Where the brush would go, or null.
 * @param {PairAnswer} pair
 */
function aim(pair) {
  const [focus, run] = [pairFocus(), otherSide()?.run];
  if (!run) return null;
  const text = focus.isHere ? pair.there : pair.here;
  return { isThere: focus.isHere, start: text.first + run.from, stop: text.first + run.to };
}

/**
 * Brush what is attended to: on the text of the plotted source at once, else with a source of the other text plotted.
 * @param {PairAnswer} pair
 */
function brushOther(pair) {
  const { isThere, start, stop } = aim(pair);
  const { pair: look, pairWith } = state;
  if (isThere) {
    const at = Math.max(0, pair.there.start);
    return openSource(otherSource().name, { start, stop, at, pair: look, pairWith, pairBrush: null });
  }
  return changeState({ start, stop, excluded: [], pairBrush: null }, "push");
}

/* For tests: what the view shows, with the places of the tokens in client pixels. */
function inspectPair() {
  const pair = model.source && partner() && state.pair !== "off" ? presentPair() : null;
  if (!pair || !lanes.some((lane) => lane.text === pair.here))
    return { isShown: false, problem: pair ? null : pairProblem() };
  const focus = pairFocus();
  return {
    isShown: true,
    sequence: pair.sequence,
    attends: pair.attends,
    look: isHeat(pair) ? "heat" : "lines",
    said: head.querySelector(".lv-pair-said").textContent,
    focus,
    weights: otherSide()?.weights || null,
    run: otherSide()?.run || null,
    lanes: lanes.map((lane) => {
      const box = lane.place.getBoundingClientRect();
      return {
        isHere: lane.isHere,
        source: sourceOf(lane)?.name || null,
        tokens: lane.text.tokens,
        units: unitsOfLane(lane).map(({ unit, side }) => ({ unit, side })),
        places: lane.text.tokens.map((_, k) =>
          lane.isDown
            ? { x: box.left + 20, y: box.top + (lane.edges[k] + lane.edges[k + 1]) / 2 }
            : {
                x: box.left + (lane.edges[k] + lane.edges[k + 1]) / 2,
                y: lane.isTop ? box.bottom - 8 : box.top + 8,
              },
        ),
      };
    }),
  };
}
