/* A second recording, or another source, beside the first: its lines at the same steps, read only, and the units that the
   same brush and threshold pick there. */

import { sayBusy } from "../dom/busy.mjs";
import { button, element, targetOf } from "../dom/element.mjs";
import { onFrame, redraw, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { lineScale } from "../dom/projector.mjs";
import { addCanvas, fitCanvas, labelFont, themeColours } from "../dom/theme.mjs";
import { axisTicks, sourceRange, tickText } from "../lib/axis.mjs";
import { questionLine } from "../lib/questions.mjs";
import { selectedLook } from "../lib/scale.mjs";
import { BOTH_SIDES, brushedUnits, selectUnits, sequenceAround } from "../lib/select.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { cutOf } from "../store/cuts.mjs";
import * as geometry from "../store/geometry.mjs";
import { model, modelRefreshed } from "../store/model.mjs";
import { sourceName } from "../store/naming.mjs";
import { swapBeside } from "../store/open.mjs";
import { dumpOf } from "../store/recordings.mjs";
import { changeState, hover, setHover, state } from "../store/state.mjs";
import { besideOffers } from "./beside-menu.mjs";
import { drawBorders } from "./borders.mjs";
import { linePainter } from "./lines.mjs";

const MOST = 60; // chips
const opening = questionLine();
let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ name;
let /** @type {HTMLElement} */ count;
let /** @type {HTMLElement} */ chips;
let /** @type {HTMLElement} */ mount;
let /** @type {HTMLCanvasElement} */ base;
let /** @type {HTMLCanvasElement} */ overlay;
let /** @type {ReturnType<typeof linePainter>} */ lines;
let /** @type {{ key: string, dump: Dump, source: Source, name: string }} */ given = null; // {key, dump, source, name} once it is here
let /** @type {string} */ wanted = null; // the key that is shown or on its way
let /** @type {Unit[]} */ chosen = null; // [{unit, side}]; null while states load
let /** @type {number} */ lit = null; // the unit whose chip is pointed at or focused
let drawnKey = "";

/* Returns what tests ask of it. */
export function makeSecondSource() {
  place = document.getElementById(ids.beside);
  lines = linePainter({
    dump: () => given.dump.about.uuid,
    source: () => given.source,
    /** @param {number} step */
    row: (step) => rows()(step),
    height: () => mount.clientHeight,
    cut: () => cutOf(given.dump, given.source, state.threshold),
  });
  modelRefreshed.on(need);
  onFrame("selection", follow);
  onFrame("base", drawBase);
  onFrame("overlay", drawOverlay);
  onFrame("units", drawHead);
  return { inspectSecondSource, isSecondSourceReady };
}

function build() {
  const head = element("div", "lv-beside-head");
  name = element("bdi", "lv-beside-name");
  count = element("span", "lv-beside-count", "", { role: "status" });
  chips = element("div", "lv-beside-chips");
  mount = element("div", "lv-beside-plot");
  base = addCanvas(mount, "lv-layer");
  overlay = addCanvas(mount, "lv-layer", "Lines of the second source");
  for (const type of ["pointerover", "focusin"])
    chips.addEventListener(type, (event) => light(targetOf(event).closest("[data-unit]")));
  for (const type of ["pointerleave", "focusout"]) chips.addEventListener(type, () => light(null));
  mount.addEventListener("pointermove", (event) => {
    const step = geometry.stepAt(event.clientX - mount.getBoundingClientRect().left);
    const { at, span } = state;
    setHover({ unit: null, step: step >= at && step < Math.min(at + span, model.axis.n_steps) ? step : null });
  });
  mount.addEventListener("pointerleave", () => setHover({ unit: null, step: null }));
  head.append(
    element("span", "", "beside"),
    name,
    count,
    chips,
    button("lv-link", "Swap", "Put this one on top, where it is brushed and matched, and the other one beside it", () =>
      swapBeside(),
    ),
    button("lv-card-close", "×", "Close the second source", () => changeState({ beside: null }, "settle")),
  );
  place.append(head, mount);
  new ResizeObserver(() => redraw("base", "overlay")).observe(mount);
}

/* Follow the state: open what it names, or say why it cannot be shown here. */
function follow() {
  const { beside, dump } = state;
  if (!model.source) return;
  const key = beside ? JSON.stringify([dump, model.axis.index, beside]) : null;
  if (key === wanted) return;
  wanted = key;
  given = chosen = null;
  if (!beside) {
    opening.end();
    drawnKey = "";
    place.replaceChildren();
    clearNotice("beside");
    return;
  }
  open(beside, key);
}

/**
 * @param {State["beside"]} beside
 * @param {string} key
 */
async function open(beside, key) {
  const reply = await opening.ask(() => sayBusy(find(beside), "Opening the second source …"));
  if (!reply) return; // another source is wanted by now
  const { one, dump } = reply.answer || {};
  if (one) {
    given = { key, dump, source: dump.sourceOf(beside.source), name: one.name };
    clearNotice("beside");
    if (!place.firstChild) build();
    redrawAll();
    return;
  }
  const missing = `${beside.source} of recording ${beside.dump.slice(0, 12)} cannot be shown beside this one: it is not served here, or it holds another text.`;
  notify("beside", reply.error ? `The second source could not be opened: ${reply.error.message}` : missing);
  wanted = null; // so that the line stays
  place.replaceChildren();
  changeState({ beside: null }, "restore");
}

/**
 * What the state names as the server offers it, with its recording; neither where it cannot stand here.
 * @param {State["beside"]} beside
 */
async function find(beside) {
  const one = (await besideOffers()).find((dump) => dump.uuid === beside.dump && dump.sources.includes(beside.source));
  return { one, dump: one && (await dumpOf(beside.dump)) };
}

/** @returns {Rows} */
function rows() {
  const states = given.dump.statesOf(given.source);
  const n = given.source.n_units;
  return (step) => {
    const tile = states.at(step);
    const k = step % states.length;
    return tile ? tile.subarray(k * n, k * n + n) : null;
  };
}

/**
 * Called with each look at the page, so that its tiles are kept as long as they are seen; true if all are here.
 * @param {number} from
 * @param {number} to
 */
function need(from, to) {
  if (!given) return wanted === null;
  const states = given.dump.statesOf(given.source);
  const { start, stop, before, after } = state;
  const isHere = states.need(from - 1, to + 1);
  return (
    (start === null || states.need(Math.max(0, start - before), Math.min(model.axis.n_steps, stop + after))) && isHere
  );
}

/* The units that the brush selects there: its window, its constraints, its threshold and side. */
function choose() {
  const { start, stop, before, after, threshold, side, pattern } = state;
  if (start === null || pattern || model.problem) return [];
  const cut = cutOf(given.dump, given.source, threshold);
  const [from, to] = [Math.max(0, start - before), Math.min(model.axis.n_steps, stop + after)];
  if (cut === null || !need(from, to)) return null;
  const sequence = sequenceAround(model.bordersIn(from, to), start, from, to);
  /**
   * @param {Part} _part
   * @param {Side} one
   */
  const pick = (_part, one) =>
    selectUnits({
      row: rows(),
      nUnits: given.source.n_units,
      cut: one === "high" ? cut : -cut,
      side: one,
      start,
      stop,
      before,
      after,
      sequence,
    });
  return brushedUnits({ parts: [{ source: given.source.name, side, threshold }] }, pick);
}

/** @param {any} value */
const yAt = (value) => {
  const [low, high] = sourceRange(given.source);
  return geometry.PAD + (1 - (value - low) / (high - low)) * (mount.clientHeight - 2 * geometry.PAD);
};

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {() => void} draw
 */
function clipped(ctx, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(geometry.left(), 0, geometry.width(), mount.clientHeight);
  ctx.clip();
  draw();
  ctx.restore();
}

function drawBase() {
  if (!given) return;
  model.refresh();
  const ctx = fitCanvas(base);
  if (!mount.clientHeight) return;
  const colours = themeColours();
  const ticks = axisTicks(...sourceRange(given.source), 2);
  ctx.font = labelFont();
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const tick of ticks) {
    const y = Math.round(yAt(tick)) + 0.5;
    ctx.fillStyle = colours.line;
    ctx.fillRect(geometry.left(), y - 0.5, geometry.width(), 1);
    ctx.fillStyle = colours.dim;
    ctx.fillText(tickText(tick, ticks), geometry.left() - geometry.KNOB + 2, y);
  }
  drawBorders(ctx, 0, mount.clientHeight);
  clipped(ctx, () => lines.drawAll(ctx, mount.clientHeight));
}

function drawOverlay() {
  if (!given) return;
  model.refresh();
  chosen = choose();
  const ctx = fitCanvas(overlay);
  if (!mount.clientHeight) return;
  const colours = themeColours();
  const { start, stop, side, threshold } = state;
  clipped(ctx, () => {
    if (start !== null) {
      ctx.fillStyle = colours.band;
      ctx.fillRect(geometry.x(start), 0, geometry.x(stop) - geometry.x(start), mount.clientHeight);
    }
    const look = selectedLook((chosen || []).length);
    for (const one of BOTH_SIDES) {
      ctx.strokeStyle = one === "low" ? colours.low : colours.accent;
      ctx.lineWidth = look.width * lineScale();
      ctx.globalAlpha = look.opacity;
      lines.draw(
        ctx,
        (chosen || []).filter((unit) => unit.side === one).map((unit) => unit.unit),
      );
    }
    ctx.globalAlpha = 1;
    if (lit !== null) {
      ctx.strokeStyle = colours.hover;
      ctx.lineWidth = 2.5 * lineScale();
      lines.draw(ctx, [lit]);
    }
    ctx.strokeStyle = colours.text;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]);
    for (const value of side === "high" ? [threshold] : side === "low" ? [-threshold] : [threshold, -threshold]) {
      ctx.beginPath();
      ctx.moveTo(geometry.left(), yAt(value));
      ctx.lineTo(geometry.left() + geometry.width(), yAt(value));
      ctx.stroke();
    }
    ctx.setLineDash([]);
    const { step } = hover;
    if (step === null) return;
    ctx.globalAlpha = 0.35;
    ctx.fillStyle = colours.dim;
    ctx.fillRect(Math.round(geometry.x(step + 0.5)), 0, 1, mount.clientHeight);
  });
}

function drawHead() {
  if (!given) return;
  chosen = choose();
  if (chosen === null) return; // while states load, what was said stays
  const { start, dump } = state;
  const now = JSON.stringify([given.key, start === null, chosen.map((one) => [one.unit, one.side])]);
  if (now === drawnKey) return;
  drawnKey = now;
  const source = sourceName(given.source);
  name.textContent = given.dump.about.uuid === dump ? source : `${showToken(given.name).text} · ${source}`;
  name.title = name.textContent;
  count.textContent = start === null ? "brush to see its units" : `${plural(chosen.length, "unit")} on`;
  overlay.setAttribute(
    "aria-label",
    `Lines of ${plural(given.source.n_units, "unit")} of ${name.textContent} at the same steps; ${count.textContent}`,
  );
  chips.replaceChildren(...chosen.slice(0, MOST).map(chip));
}

/** @param {Unit} unit */
function chip({ unit, side }) {
  const words = `${side === "low" ? "−" : ""}${unit}`;
  const label = `unit ${unit} of ${showToken(given.source.name).text} beside, on ${side}`;
  return element("button", `lv-beside-chip lv-${side}`, words, {
    type: "button",
    "aria-label": label,
    title: `${label}: its line is shown while you point here`,
    "data-unit": String(unit),
  });
}

/** @param {HTMLElement} element */
function light(element) {
  const unit = element ? Number(element.dataset.unit) : null;
  if (unit === lit) return;
  lit = unit;
  redraw("overlay");
}

const isSecondSourceReady = () =>
  wanted === null || (given !== null && chosen !== null && need(state.at, state.at + state.span));

/* For tests. */
function inspectSecondSource() {
  if (!given) return null;
  return {
    dump: given.dump.about.uuid,
    source: given.source.name,
    units: chosen ? chosen.map(({ unit, side }) => [unit, side]) : null,
    said: count.textContent,
  };
}
