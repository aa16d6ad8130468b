/* Over the matches: their order, their groups, and what colours their tokens. */

import { makeDropdown } from "../dom/dropdown.mjs";
import { button, choiceList, element, tickBox } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { groupOptions, orderOptions } from "../lib/listing.mjs";
import { grouped } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { chooseColour, colourName, isShading, shadeBy, unitColour } from "../store/colouring.mjs";
import { matchAnswer, matchList } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { unitName } from "../store/naming.mjs";
import { changeState, state } from "../store/state.mjs";

const ROW_TOKENS = [8, 12, 16, 24, 32, 46];
const UNITS = 60; // of the pattern, offered as colours
let /** @type {ReturnType<typeof makeDropdown>[]} */ tools;
let /** @type {HTMLButtonElement} */ foldButton;
let /** @type {HTMLElement} */ note;

export function makeMatchTools() {
  /** @param {string} name */
  const place = (name) => document.getElementById(ids[name]);
  const names = () => model.tracks.map((track) => track.name);
  /** @param {keyof State} field */
  const valueOfField = (field) => () => state[field];
  /** @param {keyof State} field */
  const set = (field) => (/** @type {any} */ value) => changeState({ [field]: value }, "settle");
  tools = [
    makeDropdown(place("matchOrder"), {
      word: "order",
      title: "Order of the matches",
      usual: "best",
      options: () => orderOptions(names()),
      value: valueOfField("order"),
      pick: set("order"),
    }),
    makeDropdown(place("matchGroup"), {
      word: "group by",
      title: "Groups of matches",
      usual: "",
      options: () => groupOptions(names()),
      value: valueOfField("group"),
      pick: set("group"),
    }),
    makeDropdown(place("matchColour"), {
      word: "colour by",
      title: "What colours the tokens of the matches",
      usual: "shared",
      options: colours,
      value: valueOfField("colour"),
      words: colourName,
      pick: chooseColour,
      more: (panel, choose) => {
        anyUnit(panel, choose);
        someUnits(panel);
        underline(panel);
        tokensInRow(panel);
      },
    }),
  ];
  foldButton = button("lv-link lv-fold", "", "", foldAll);
  foldButton.hidden = true;
  place("matchGroup").append(foldButton);
  note = place("matchNote");
  onFrame("selection", draw);
  onFrame("matches", draw);
}

function draw() {
  if (!model.source) return;
  for (const tool of tools) tool.draw();
  const answer = matchAnswer();
  foldButton.hidden = !answer?.n_groups;
  const isFolded = matchList().nFolded() > 0;
  foldButton.textContent = isFolded ? "unfold all" : "fold all";
  foldButton.title = isFolded ? "Show the matches of all groups" : "Show the headings of the groups alone";
}

function foldAll() {
  const list = matchList();
  list.foldAll(list.nFolded() === 0);
  redraw("matches", "matchscroll");
}

function colours() {
  const own = model.tracks.map((track) => [`track:${track.name}`, track.name]);
  const units = new Map((model.chosen || []).slice(0, UNITS).map((one) => [unitColour(one.source, one.unit), one]));
  const now = state.colour;
  if (now.startsWith("unit:")) units.set(now, null);
  return [
    ["shared", "matched units"],
    ...own,
    ...[...units.keys()].map((key) => [key, colourName(key)]),
    ["", "nothing"],
  ];
}

/**
 * Any other unit of the plotted source, by its number.
 * @param {HTMLElement} panel
 * @param {(colour: string) => void} choose
 */
function anyUnit(panel, choose) {
  const { source } = model;
  const row = element("form", "lv-panel-row");
  const words = `A unit of ${showToken(source.name).text}, 0 to ${grouped(source.n_units - 1)}`;
  const input = element("input", "lv-input", "", {
    type: "text",
    inputmode: "numeric",
    "aria-label": words,
    title: words,
    placeholder: "number",
  });
  row.append(
    element("span", "lv-panel-note", "any unit"),
    input,
    element("button", "lv-button", "Show", { type: "submit" }),
  );
  row.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (/^\d{1,9}$/.test(text) && Number(text) < source.n_units) choose(unitColour(source.name, Number(text)));
    else input.select();
  });
  panel.append(row);
}

/**
 * Which of the pattern's units shade the tokens.
 * @param {HTMLElement} panel
 */
function someUnits(panel) {
  const units = (model.chosen || []).slice(0, UNITS);
  if (units.length < 2) return;
  const list = element("div", "lv-panel-ticks", "", { role: "group", "aria-label": "Units that shade the tokens" });
  const fill = () => list.replaceChildren(...units.map((one) => tickBox(unitName(one), isShading(one), tick(one))));
  const tick = (/** @type {Unit} */ unit) => (/** @type {boolean} */ isOn) => {
    shadeBy(unit, isOn);
    const at = units.indexOf(unit);
    fill(); // without the last of them, all shade again
    list.querySelectorAll("input")[at].focus();
  };
  fill();
  panel.append(element("p", "lv-panel-head", "Shaded by the units"), list);
}

/**
 * A second thing to see on the tokens: a track's colour under each.
 * @param {HTMLElement} panel
 */
function underline(panel) {
  if (!model.tracks.length || !model.axis.has_tokens) return;
  const offers = [["", "nothing"], ...model.tracks.map((track) => [`track:${track.name}`, showToken(track.name).text])];
  const set = (/** @type {string} */ value) => {
    changeState({ underline: value }, "settle");
    redraw("matches");
  };
  const row = element("label", "lv-panel-row", "underlined by");
  row.append(choiceList("What underlines the tokens of the matches", offers, state.underline, set));
  panel.append(row);
}

/**
 * How many tokens a row shows: the heatmaps beside them take what is left.
 * @param {HTMLElement} panel
 */
function tokensInRow(panel) {
  if (!model.axis.has_tokens) return;
  const usual = /** @type {[string, string][]} */ ([["", "as fit"]]);
  const offers = [...usual, ...ROW_TOKENS.map((n) => [String(n), String(n)])];
  const now = state.rowTokens === null ? "" : String(state.rowTokens);
  if (!offers.some(([value]) => value === now)) offers.push([now, now]);
  const set = (/** @type {string} */ value) => {
    changeState({ rowTokens: value === "" ? null : Number(value) }, "settle");
    redraw("matches");
  };
  const row = element("label", "lv-panel-row", "tokens in a row");
  row.append(choiceList("How many tokens a row shows", offers, now, set));
  panel.append(row);
}

/**
 * Tracks that the table has no room for are named, with what to do.
 * @param {Track[]} hidden
 */
export function noteHiddenColumns(hidden) {
  const names = hidden.map((track) => showToken(track.name).text);
  const remedy = element("span", "", ": press a name above");
  note.replaceChildren(...(names.length ? [`${plural(names.length, "track")} not shown`, remedy] : []));
  note.title = names.length
    ? `No room for ${names.slice(0, 12).join(", ")}${names.length > 12 ? " …" : ""}. Press a track's name under the tokens to show it here first.`
    : "";
}
