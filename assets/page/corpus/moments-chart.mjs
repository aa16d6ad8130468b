/* Over the row of moments: when did it begin to count? The loss, and for the present pattern, unit or label how well it does at
   each moment of the training. A press leads to the moment. */

import { button, choiceList, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { svgDrawing, svgElement, svgLine, svgText, tellPointed } from "../dom/svg.mjs";
import { hideTip } from "../dom/tooltip.mjs";
import { figure, labelChoices, momentLines, momentWords, stretches } from "../lib/moments.mjs";
import { percent } from "../lib/shares.mjs";
import { hasQuestion } from "../lib/url.mjs";
import { presentFinding } from "../store/finding.mjs";
import { model } from "../store/model.mjs";
import { askEffect, forgetMoments, isEffectAsked, momentsAnswer, needMoments } from "../store/moments.mjs";
import { seriesOf } from "../store/offers.mjs";
import { dumpShown, showDump } from "../store/open.mjs";
import { servedChanged } from "../store/served.mjs";
import { state } from "../store/state.mjs";
import { typing } from "../store/typed-text.mjs";

const TALL = 72; // px of the lines
const ROOM = { left: 8, right: 210, top: 8, bottom: 16 }; // px; names stand on the right
const NONE = "";
let chosen = NONE; // the label, as JSON of a filter
let /** @type {string} */ listedLabel = null; // the label whose units are listed, also as JSON
let isFolded = false;
let drawnKey = "";
let /** @type {string} */ drawnSeries = null;

const place = () => document.getElementById(ids.seriesChart);

/* Returns what tests ask of it. */
export function makeMomentsChart() {
  dumpShown.on(() => redraw("moments"));
  servedChanged.on(() => redraw("moments"));
  onFrame(["moments", "base", "selection", "finding", "ablation"], draw);
  return { inspectMomentsChart };
}

function draw() {
  const series = model.source && seriesOf(model.dump.about.uuid);
  place().hidden = !series;
  if (!series) return;
  if (series.name !== drawnSeries) {
    drawnSeries = series.name;
    chosen = NONE;
    forgetMoments();
  }
  followFinding();
  const choices = [[NONE, "no label"], ...labelChoices(model.tracks), ...foundChoice()];
  if (!choices.some(([value]) => value === chosen)) chosen = NONE;
  const hypothesis = chosen === NONE ? null : JSON.parse(chosen);
  if (!isFolded) needMoments(series.dumps, hypothesis);
  const answer = momentsAnswer();
  const at = series.dumps.indexOf(model.dump.about.uuid);
  const now = JSON.stringify([
    series,
    at,
    answer,
    choices,
    chosen,
    isFolded,
    hasQuestion(state),
    canAblate(),
    state.held,
    width(),
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  const focused = place().contains(document.activeElement) && document.activeElement.getAttribute("data-act");
  place().replaceChildren(tools(choices, answer), ...(isFolded ? [] : chart(series, at, answer)));
  if (focused)
    /** @type {HTMLElement} */ (place().querySelector(`[data-act="${focused}"]`))?.focus({ preventScroll: true });
}

const width = () => place().clientWidth;

/* The label whose units are listed is the one that is followed, until another is chosen. */
function followFinding() {
  const one = presentFinding();
  const now = one ? JSON.stringify(one.hypothesis) : null;
  if (now !== null && now !== listedLabel) chosen = now;
  listedLabel = now;
}

/* That label, where no track offers it. */
function foundChoice() {
  const one = presentFinding();
  const value = one && JSON.stringify(one.hypothesis);
  return value && !labelChoices(model.tracks).some(([known]) => known === value) ? [[value, one.name]] : [];
}

function canAblate() {
  const readiness = typing(model.dump);
  return Boolean(readiness) && !readiness.problem && hasQuestion(state) && model.chosen?.length > 0;
}

/**
 * @param {string[][]} choices
 * @param {ReturnType<typeof momentsAnswer>} answer
 */
function tools(choices, { problem, share }) {
  const line = element("div", "lv-moments-tools");
  const fold = button(
    "lv-link",
    isFolded ? "Through the training ▸" : "Through the training ▾",
    "Show or hide the chart",
    () => {
      isFolded = !isFolded;
      redraw("moments");
    },
  );
  fold.dataset.act = "fold";
  fold.setAttribute("aria-expanded", String(!isFolded));
  line.append(fold);
  if (isFolded) return line;
  const label = choiceList("The label that matches and units are held against", choices, chosen, (value) => {
    chosen = value;
    redraw("moments");
  });
  label.dataset.act = "label";
  line.append(label);
  if (canAblate() && !isEffectAsked()) {
    const ask = button(
      "lv-link",
      "Ablate at each",
      "Hold the pattern's units in the model of each moment, and compare its predictions",
      askEffect,
    );
    ask.dataset.act = "effect";
    line.append(ask);
  }
  const status = element(
    "span",
    "lv-bar-note",
    problem || (share === null ? "" : `reading the moments … ${percent(share)}`),
    {
      role: "status",
    },
  );
  if (problem) status.classList.add("lv-warn");
  line.append(status);
  return line;
}

/**
 * @param {Offer} series
 * @param {number} at
 * @param {ReturnType<typeof momentsAnswer>} answer
 */
function chart(series, at, { rows }) {
  const type = typeScale();
  const [wide, tall, right] = [width(), ROOM.top + TALL + ROOM.bottom * type, ROOM.right * type];
  if (!rows || rows.length !== series.dumps.length) return [svgDrawing(wide, tall, "")]; // nothing jumps when it comes
  const lines = momentLines(rows, state.held ? String(state.held.unit) : undefined);
  const drawn = svgDrawing(wide, tall, words(series, lines));
  const step = (wide - ROOM.left - right) / Math.max(1, rows.length - 1);
  const x = (/** @type {number} */ k) => ROOM.left + k * step;
  const y = (/** @type {number} */ part) => ROOM.top + (1 - part) * TALL;
  drawn.append(svgLine("lv-svg-axis", ROOM.left, y(0) + 0.5, wide - right, y(0) + 0.5));
  if (at >= 0) drawn.append(svgLine("lv-moments-present", x(at), ROOM.top, x(at), y(0)));
  for (const one of lines) {
    for (const part of stretches(one)) {
      const points = part.map(([k, share]) => `${x(k).toFixed(1)},${y(share).toFixed(1)}`).join(" ");
      drawn.append(svgElement("polyline", `lv-moments-line lv-moments-${one.kind}`, { points }));
      if (part.length === 1)
        drawn.append(
          svgElement("circle", `lv-moments-dot lv-moments-${one.kind}`, {
            cx: x(part[0][0]),
            cy: y(part[0][1]),
            r: 2.5,
          }),
        );
    }
  }
  drawn.append(...names(lines, at, wide - right + 8, y, type), ...marks(series, x, y(0) + 12 * type, step));
  const near = (/** @type {number} */ px) =>
    Math.max(0, Math.min(rows.length - 1, Math.round((px - ROOM.left) / step)));
  tellPointed(drawn, (px) => momentWords(series.members[near(px)], rows[near(px)], lines, near(px)));
  drawn.addEventListener("click", (event) => {
    const uuid = series.dumps[near(event.clientX - drawn.getBoundingClientRect().left)];
    hideTip();
    if (uuid !== state.dump) showDump(uuid, Object.assign({}, state, { dump: uuid }), "push", []);
  });
  return [drawn];
}

/**
 * The names of the lines with their values at the present moment, each beside the line's end, none over another.
 * @param {MomentLine[]} lines
 * @param {number} at
 * @param {number} left
 * @param {(part: number) => number} y
 * @param {number} type
 */
function names(lines, at, left, y, type) {
  const gap = 12 * type;
  const ends = lines
    .map((one) => ({ one, place: y(stretches(one).at(-1).at(-1)[1]) + 4 }))
    .sort((a, b) => a.place - b.place);
  const first = ROOM.top + 6;
  ends.forEach((end, k) => (end.place = Math.max(end.place, k ? ends[k - 1].place + gap : first)));
  const over = Math.max(0, (ends.at(-1)?.place ?? 0) - (ROOM.top + TALL + ROOM.bottom * type - 3));
  return ends.map(({ one, place: at_y }) => {
    const value = one.values[at] ?? null;
    const text = value === null ? one.name : `${one.name} ${figure(value)}`;
    return svgText(`lv-moments-name lv-moments-${one.kind}`, text, left, at_y - over);
  });
}

/**
 * @param {Offer} series
 * @param {(k: number) => number} x
 * @param {number} y
 * @param {number} step
 */
function marks(series, x, y, step) {
  const every = Math.max(1, Math.ceil((80 * typeScale()) / Math.max(step, 1)));
  return series.members
    .map((name, k) => ({ name, k }))
    .filter(({ k }) => k % every === 0)
    .map(({ name, k }) => {
      const anchor = k === 0 ? "start" : k === series.members.length - 1 ? "end" : "middle";
      return svgText("", name.replace(/^update /, ""), x(k), y, anchor);
    });
}

/**
 * @param {Offer} series
 * @param {MomentLine[]} lines
 */
function words(series, lines) {
  const figures = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    return `${name} from ${figure(known[0])} to ${figure(known.at(-1))}`;
  });
  return `${series.name}, ${series.members[0]} to ${series.members.at(-1)}: ${figures.join("; ")}`;
}

/* For tests. */
function inspectMomentsChart() {
  const answer = momentsAnswer();
  return {
    isShown: !place().hidden,
    rows: answer.rows,
    problem: answer.problem,
    isPending: answer.share !== null,
    names: [...place().querySelectorAll(".lv-moments-name")].map((node) => node.textContent),
  };
}
