/* Beside the map its legend; over it what it waits for: a map that is not computed yet, how far it is, or what failed. */

import { button, element } from "../dom/element.mjs";
import { typeScale } from "../dom/projector.mjs";
import { themeColours } from "../dom/theme.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { askMapAgain, cancelMap, isMapOfTokens, startMap, wantedMap } from "../store/map-data.mjs";
import { changeState, state } from "../store/state.mjs";
import { mapPalette, slotColour } from "./palette.mjs";
import { mapStage } from "./stage.mjs";
import { mapSubject, methodName } from "./words.mjs";

let /** @type {HTMLElement} */ side;
let /** @type {HTMLElement} */ cover;
let /** @type {HTMLElement} */ words;
let /** @type {HTMLProgressElement} */ bar;
let /** @type {HTMLButtonElement} */ stop;
let drawnKey = "";
let covered = "";
let /** @type {string} */ starts = null; // key of the map that is to be computed as soon as it is known not to be there

export function makeLegend() {
  side = element("div", "lv-map-side", "", { role: "group", "aria-label": "What the colours mean" });
  cover = element("div", "lv-map-cover");
  cover.hidden = true;
  mapStage().append(cover);
  bar = element("progress", "lv-map-bar", "", { max: "1", "aria-label": "How far the map is" });
  words = element("p", "lv-map-words", "", { role: "status" });
  stop = button("lv-button", "Cancel", "Stop computing this map", () => cancelMap());
  cover.addEventListener("pointerdown", (event) => event.stopPropagation());
  cover.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
}

/* Compute the map that the state asks for now, if it turns out to be missing. */
export function startMapOnce() {
  const { of, method } = wantedMap();
  starts = `${of} ${method}`;
}

/** @param {MapData} data */
export function drawLegend(data) {
  drawCover(data);
  const { found: coloured, by, label } = data.colour || {};
  const now = [
    data.key,
    by,
    coloured?.low,
    coloured?.high,
    Boolean(coloured),
    themeColours().bg,
    typeScale(),
    data.points && data.colour && !by,
  ].join();
  if (now === drawnKey) return;
  drawnKey = now;
  const legend = coloured && (coloured.kind === "category" ? labels(coloured) : scale(coloured));
  side.replaceChildren(...(legend ? [title(label), legend, ...none(coloured)] : []));
}

/** @param {string} label */
function title(label) {
  return element("p", "lv-map-title", label, { title: label });
}

/** @param {any} found */
function labels({ legend, slot }) {
  const list = element("ul", "lv-map-legend");
  for (const one of legend) {
    const item = element("li");
    const shown = one.label === null ? `${plural(one.nLabels, "other")}` : showToken(one.label).text;
    item.append(
      dot(slotColour({ kind: "category" }, one.slot)),
      element("bdi", "lv-map-name", shown, { title: shown }),
      element("span", "lv-map-share", `${Math.round((one.count / slot.length) * 100)} %`),
    );
    list.append(item);
  }
  return list;
}

/** @param {string} colour */
function dot(colour) {
  const made = element("span", "lv-map-dot");
  made.style.background = colour;
  return made;
}

/**
 * A colour bar with the least, the middle and the greatest value.
 * @param {any} found
 */
function scale({ low, high, isLog }) {
  const whole = element("div", "lv-map-scale");
  const strip = element("div", "lv-map-strip", "", {
    role: "img",
    "aria-label": `From ${valueText(low)} to ${valueText(high)}${isLog ? ", in powers" : ""}`,
  });
  const { scale: colours } = mapPalette();
  strip.style.background = `linear-gradient(0deg, ${[0, 16, 32, 48, 63].map((k) => colours[k]).join(", ")})`;
  const ends = element("div", "lv-map-ends");
  const between = isLog ? Math.sqrt((1 + low) * (1 + high)) - 1 : (low + high) / 2;
  const middle = Math.abs(between) < (high - low) / 1e4 ? 0 : between; // what rounding leaves of 0
  /** @param {any} value */
  const text = (value) => (isLog ? grouped(value) : valueText(value));
  const all = low === high ? [low] : [high, middle, low];
  ends.append(...all.map((value) => element("span", "", text(value))));
  whole.append(strip, ends);
  return whole;
}

/** @param {{ none: number }} found */
function none({ none: count }) {
  if (!count) return [];
  const line = element("p", "lv-map-none");
  line.append(dot(slotColour({ kind: "category" }, -1)), `no value (${grouped(count)})`);
  return [line];
}

/**
 * What is shown in place of missing points.
 * @param {MapData} data
 */
function drawCover(data) {
  const { job, problem, about } = data;
  const stage = problem ? "failed" : job ? job.state : "loading";
  const { of, method } = wantedMap();
  if (stage === "none" && starts === `${of} ${method}` && !missing(about)) {
    starts = null;
    startMap();
    return;
  }
  if (stage === "running" || stage === "waiting") progress(job);
  const now = [data.key, stage, problem, job && stage === "failed" && job.words, Boolean(data.points)].join();
  if (now === covered) return;
  covered = now;
  const hadFocus = cover.contains(document.activeElement);
  cover.hidden = stage === "done";
  cover.replaceChildren(...parts(stage, data));
  if (hadFocus) (cover.querySelector("button") || mapStage()).focus();
}

/** @param {any} about */
const missing = (about) =>
  about
    ? about.methods.find(
        (/** @type {{ name: string, missing: string | null }} */ one) => one.name === wantedMap().method,
      )?.missing
    : null;

/**
 * @param {string} stage
 * @param {MapData} data
 */
function parts(stage, { job, problem, about }) {
  if (stage === "loading") return [element("p", "lv-map-words", "Loading the map …")];
  if (stage === "running" || stage === "waiting") return [words, bar, stop];
  if (stage === "done") return [];
  const pca =
    state.mapMethod === "pca"
      ? []
      : [
          button("lv-link", "Show PCA", "The map by principal components, shown at once", () =>
            changeState({ mapMethod: "pca", lasso: null }, "settle"),
          ),
        ];
  const remedy = missing(about);
  if (stage === "none" && remedy) return [element("p", "lv-map-words", `${remedy}.`), ...pca];
  if (stage === "none") {
    const sentence = element(
      "p",
      "lv-map-words",
      `${methodName()} of ${mapSubject()} has not been computed here. It takes about a minute, once.`,
    );
    return [sentence, button("lv-button", "Compute", "Compute this map; it is kept", () => startMap()), ...pca];
  }
  const why = problem || job.words;
  const sentence = element("p", "lv-map-words lv-warn", `There is no map: ${why}${/[.?!]$/.test(why) ? "" : "."}`, {
    role: "status",
  });
  const again = button("lv-button", "Try again", "Ask the server again", () => (problem ? askMapAgain() : startMap()));
  const tokens = isMapOfTokens()
    ? [
        button("lv-link", "Show the states", "The map of the plotted source", () =>
          changeState({ mapOf: "", lasso: null }, "settle"),
        ),
      ]
    : [];
  return [sentence, ...(problem && isMapOfTokens() ? [] : [again]), ...tokens, ...(tokens.length ? [] : pca)];
}

/** @param {MapJob} job */
function progress({ state: stage, share, words: doing }) {
  if (stage === "waiting") bar.removeAttribute("value");
  else bar.value = share;
  const sentence =
    stage === "waiting"
      ? `${methodName()}: waiting for another map`
      : `${methodName()}: ${doing}, ${Math.round(share * 100)} %`;
  if (words.textContent !== sentence) words.textContent = sentence;
}

export const legendTexts = () =>
  Array.from(side.querySelectorAll("li, .lv-map-ends span, .lv-map-none"), (one) => one.textContent);

export const legendElement = () => side;
