/* What the header and the bars say about the present recording and source: full names, what is missing, what cannot be done. */

import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { themeColours, typePx } from "../dom/theme.mjs";
import { thresholdStep } from "../lib/axis.mjs";
import { showToken } from "../lib/tokens.mjs";
import { clamp } from "../lib/url.mjs";
import { plural, shortName } from "../lib/words.mjs";
import { model } from "./model.mjs";
import { dumps } from "./recordings.mjs";
import { state } from "./state.mjs";

/** @type {Record<string, number>} */
const ROOM = { dump: 52, source: 104 }; // px of a field beside its name: padding, the word before it, the arrow
/** @type {Record<string, number>} */
const LEAST = { dump: 150, source: 160 }; // px
const MOST = 460; // px; wider names are cut, and whole in the tooltip
let /** @type {CanvasRenderingContext2D} */ pen = null;

/* Refresh everything: another recording or another source is shown. */
export function showNames() {
  const { dump, source, axis } = model;
  field("dump", "Recording", dump.about.name, recordingName(listed(dump.about) ?? dump.about));
  field("source", "Source of the states", source.name, sourceName(source));
  sayWhetherComplete(dump.about);
  document.getElementById(ids.dump).title += dump.about.recording.map((line) => `\n${showToken(line).text}`).join("");
  dash_clientside.set_props(ids.threshold, { step: thresholdStep(model.source) });
  offerSearch(axis);
  noteSource(source);
}

/**
 * "recording was cut short", or "being recorded" while it goes on.
 * @param {About} about
 */
function sayWhetherComplete(about) {
  const isGrowing = listed(about)?.is_growing ?? true;
  const place = document.getElementById(ids.cutShort);
  place.hidden = about.is_complete !== false;
  const [first, rest] = isGrowing ? ["", "being recorded"] : ["recording was ", "cut short"];
  place.firstElementChild.textContent = first;
  place.lastChild.textContent = rest;
  place.title = isGrowing
    ? "The recording goes on: the page shows the steps so far, and more as they come."
    : "The recording was cut short: it holds the steps up to there.";
}

/**
 * A dump as it is listed; undefined where its recording, still in progress, has gone on: then a newer one is.
 * @param {About} about
 */
function listed({ uuid }) {
  return dumps.find((one) => one.uuid === uuid);
}

/**
 * A recording as its list has it.
 * @param {{ name: string, detail?: string }} card
 */
export function recordingName(card) {
  const name = showToken(card.name).text;
  return card.detail ? `${name} · ${card.detail}` : name;
}

/** @param {Source} source */
export function sourceName(source) {
  const name = showToken(source.name).text;
  return source.view === "tanh" ? `${name} · tanh` : name;
}

/**
 * A field is as wide as what it shows, as far as there is room, and shows it whole when pointed at.
 * @param {"dump" | "source"} name
 * @param {string} what
 * @param {string} whole
 * @param {string} label
 */
function field(name, what, whole, label) {
  const input = document.getElementById(ids[name]);
  input.title = `${what}: ${showToken(whole).text}`;
  pen = pen || document.createElement("canvas").getContext("2d");
  pen.font = `${typePx(12)} ${themeColours().sans}`;
  const type = typeScale();
  const wide = Math.ceil(pen.measureText(label).width) + ROOM[name] * type;
  document.documentElement.style.setProperty(`--lv-${name}-width`, `${clamp(wide, LEAST[name] * type, MOST * type)}px`);
}

/** @param {Axis} axis */
function offerSearch(axis) {
  const disabled = !axis.has_tokens;
  dash_clientside.set_props(ids.search, {
    disabled,
    placeholder: disabled ? "No text to search: steps of numbers" : "Search the text",
  });
  for (const name of ["hitBack", "hitNext"]) dash_clientside.set_props(ids[name], { disabled });
}

/** @param {Source} source */
function noteSource({ n_units: units, n_nan: nan }) {
  const words = [plural(units, "unit")];
  if (nan) words.push(`${plural(nan, "NaN value")}: neither on nor off`);
  words.push(...model.dump.about.recording.filter((line) => !/^tokens (checked$|aligned|taken)[^;]*$/.test(line)));
  const place = document.getElementById(ids.selectNote);
  place.textContent = place.title = words.join(" · ");
  place.classList.toggle("lv-warn", Boolean(nan));
}

/**
 * "−11" for a unit on low, "−11 wind" where units have names, with the source where it is not the one that is plotted.
 * @param {UnitName} unit
 */
export function unitName({ source, unit, side }) {
  const own = model.sourceOf(source)?.names?.[unit];
  const name = `${side === "low" ? "−" : ""}${unit}${own ? ` ${showToken(own).text}` : ""}`;
  return source === state.source ? name : `${shortSource(source)} ${name}`;
}

/** @param {string} source */
export function shortSource(source) {
  const names = model.dump.about.sources.filter((one) => one.axis === model.axis.index).map((one) => one.name);
  return showToken(shortName(source, names)).text;
}
