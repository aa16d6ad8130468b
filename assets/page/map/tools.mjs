/* Over the map: what it is of, by which method, what colours it; the lasso, what is in view, and all of it. */

import { makeDropdown } from "../dom/dropdown.mjs";
import { button, element } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { goToMatches } from "../dom/stage.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import {
  isMapOfTokens,
  isUnitColour,
  listRegion,
  mapColouring,
  OF_PATTERN,
  unitColour,
  unitWords,
} from "../store/map-data.mjs";
import { hasMapPaths } from "../store/map-paths.mjs";
import { model } from "../store/model.mjs";
import { changeState, state } from "../store/state.mjs";
import { armLasso, isLassoArmed, regionInView } from "./lasso.mjs";
import { startMapOnce } from "./legend.mjs";
import { nInsideRegion, resetView } from "./stage.mjs";
import { mapNote } from "./words.mjs";

const [NONE, ALL, BY] = ["none", "all", "by:"]; // of the paths by condition
const METHODS = [
  ["pca", "PCA"],
  ["tsne", "t-SNE"],
  ["umap", "UMAP"],
];
let /** @type {ReturnType<typeof makeDropdown>[]} */ picks;
let /** @type {HTMLButtonElement} */ lasso;
let /** @type {HTMLButtonElement} */ all;
let /** @type {HTMLButtonElement} */ fit;
let /** @type {HTMLButtonElement} */ region;
let /** @type {HTMLElement} */ note;

export function makeMapTools() {
  const tools = element("div", "lv-map-tools", "", { role: "group", "aria-label": "The map" });
  const hold = () => tools.appendChild(element("span", "lv-tool"));
  picks = [
    makeDropdown(hold(), {
      word: "map of",
      title: "What the map shows",
      usual: "",
      options: sources,
      value: () => state.mapOf,
      words: mapSourceName,
      /** @param {string} mapOf */
      pick: (mapOf) => set({ mapOf }),
    }),
    makeDropdown(hold(), {
      word: "by",
      title: "How the map is made: PCA at once; t-SNE and UMAP take about a minute, once",
      usual: "pca",
      options: () => METHODS,
      value: () => state.mapMethod,
      pick: choose,
    }),
    makeDropdown(hold(), {
      word: "colour by",
      title: "What colours the points",
      usual: null,
      options: colours,
      value: colour,
      /** @param {string} mapColour */
      pick: (mapColour) => set({ mapColour }, true),
    }),
    makeDropdown(hold(), {
      word: "paths",
      title:
        "Where the states are on average at each time since a sequence began, for all sequences or by the label of each",
      usual: NONE,
      options: conditions,
      value: () => (state.mapPaths === null ? NONE : state.mapPaths === "" ? ALL : BY + state.mapPaths),
      pick: showPaths,
    }),
  ];
  lasso = button(
    "lv-menu-button",
    "Lasso",
    "Draw around points to list their tokens below; also with Shift and a drag",
    () => armLasso(),
  );
  lasso.setAttribute("aria-pressed", "false");
  all = button("lv-menu-button", "List what is in view", "List the tokens of all points that are in view", () =>
    listRegion(regionInView()),
  );
  fit = button("lv-menu-button", "Fit", "All points in view (0)", () => resetView());
  region = button("lv-link lv-map-region", "", "Go to the list of its steps", () => goToMatches());
  region.hidden = true;
  note = element("span", "lv-bar-note lv-map-note");
  tools.append(lasso, all, fit, region, note);
  return tools;
}

/**
 * Another map has other regions.
 * @param {Changes} changes
 * @param {boolean} [isLook]
 */
function set(changes, isLook) {
  changeState(isLook ? changes : Object.assign({ lasso: null }, changes), "settle");
  redraw("map");
}

/**
 * A method that was chosen by hand is computed where it is not there.
 * @param {string} mapMethod
 */
async function choose(mapMethod) {
  set({ mapMethod });
  startMapOnce();
}

function sources() {
  const { source } = state;
  const others = model.dump.about.sources.filter((one) => one.axis === model.axis.index && one.name !== source);
  const tokens = model.sourceOf("embedding") ? [] : [["embedding", "embeddings of the vocabulary"]];
  return [["", mapSourceName("")], ...others.map((one) => [one.name, one.name]), ...tokens];
}

/** @param {string} of */
function mapSourceName(of) {
  if (of === "") return showToken(state.source).text;
  return of === "embedding" && !model.sourceOf(of) ? "embeddings" : showToken(of).text;
}

function conditions() {
  if (!hasMapPaths()) return [[NONE, "none: only on a map of states by PCA"]];
  const tracks = model.tracks.map((track) => [BY + track.name, `by ${track.name}`]);
  return [[NONE, "none"], [ALL, "all sequences"], ...tracks];
}

/**
 * Paths by a track have its colours, and so have the points.
 * @param {string} choice
 */
function showPaths(choice) {
  const mapPaths = choice === NONE ? null : choice === ALL ? "" : choice.slice(BY.length);
  set(mapPaths ? { mapPaths, mapColour: mapPaths } : { mapPaths }, true);
}

function colours() {
  if (isMapOfTokens()) return [["frequency", "frequency"]];
  const { held, mapColour } = state;
  const units = [...new Set([held && unitColour(held), isUnitColour(mapColour) && mapColour])].filter(Boolean);
  return [
    ...model.tracks.map((track) => [track.name, track.name]),
    [OF_PATTERN, "units on"],
    ...units.map((one) => [one, unitWords(one)]),
    ["", "nothing"],
  ];
}

function colour() {
  const by = mapColouring();
  return by ? by.name : "";
}

/** @param {MapData} data */
export function drawMapTools(data) {
  for (const pick of picks) pick.draw();
  picks[2].menu.button.classList.toggle("lv-menu-on", state.mapColour !== null && !isMapOfTokens());
  lasso.setAttribute("aria-pressed", String(isLassoArmed()));
  lasso.classList.toggle("lv-menu-on", isLassoArmed());
  for (const one of [lasso, all, fit]) one.disabled = !data.points;
  const count = nInsideRegion();
  region.hidden = count === null;
  region.textContent = count === null ? "" : `${plural(count, "point")} in the region ↓`;
  const words = mapNote(data);
  if (note.textContent !== words) note.textContent = note.title = words;
}
