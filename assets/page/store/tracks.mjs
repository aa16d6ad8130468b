/* Which tracks are shown, in which order, and the colour of a value wherever it is shown. */

import { themeColours } from "../dom/theme.mjs";
import { valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { isMissingValue } from "../lib/tracks.mjs";
import { clamp } from "../lib/url.mjs";
import { model } from "./model.mjs";
import { changeState, state } from "./state.mjs";

const FIRST = [4, 2, 1]; // tracks shown where there are many, in a window that is high, low or very low
const LOW = ["(max-height: 799px)", "(max-height: 559px)"]; // as in style.css
/** @type {{ axis: Axis | null, name: string | null }} */
let chosen = { axis: null, name: null }; // whose heatmap comes first beside the matches

/* Are there so many that the rest waits behind a button? One more row than the button's own is shown at once. */
export function hasManyTracks() {
  return rowed().length > nFirst() + 1;
}

function nFirst() {
  return FIRST[LOW.filter((height) => window.matchMedia(height).matches).length];
}

/* The tracks that have a row under the tokens. */
export function visibleTracks() {
  const names = state.tracks;
  if (names) return names.map((name) => model.tracks.find((track) => track.name === name)).filter(Boolean);
  return hasManyTracks() ? foremost() : rowed();
}

/* Those shown where there are many: the corpus's own, then of the model's predictions the likeliest and what it paid. */
function foremost() {
  /** @param {Track} track */
  const isFurther = (track) => trackWeight(track) !== null && !/top1$/.test(track.name);
  return ownTracksFirst(rowed())
    .filter((track) => !isFurther(track))
    .slice(0, nFirst());
}

/**
 * Tracks, or records with their names: those of the corpus before the model's predictions, else in their order.
 * @template {{ name: string }} T
 * @param {T[]} tracks
 */
export function ownTracksFirst(tracks) {
  return [...tracks.filter((track) => !isGuess(track)), ...tracks.filter(isGuess)];
}

/**
 * Is a track, or a record with its name, one of the model's predictions?
 * @param {{ name: string }} one
 */
export function isGuess({ name }) {
  return model.tracks.some((track) => track.name === name && track.group);
}

/* Show every track, or the first ones only. */
export function toggleTracks() {
  const rest = rowed().filter((track) => !visibleTracks().includes(track));
  const tracks = rest.length ? [...visibleTracks(), ...rest].map((track) => track.name) : null;
  changeState({ tracks }, "settle");
}

/**
 * Put a track's heatmap first, or back into its place.
 * @param {string} name
 */
export function chooseFirstTrack(name) {
  chosen = { axis: model.axis, name: name === firstTrack() ? null : name };
}

export function firstTrack() {
  return chosen.axis === model.axis ? chosen.name : null;
}

/* The tracks in the order of their heatmaps. */
export function orderedTracks() {
  const name = firstTrack();
  const shown = visibleTracks();
  const all = [...shown, ...rowed().filter((track) => !shown.includes(track))];
  return name === null ? all : all.sort((a, b) => Number(b.name === name) - Number(a.name === name));
}

/**
 * The ground of a value: one sequential scale for numbers, a colour each for categories.
 * @param {Track} track
 * @param {any} value
 */
export function trackColour(track, value) {
  const colours = themeColours();
  if (isMissingValue(track, value)) return null;
  if (track.kind === "category") return colours.category(value);
  return colours.sequence(track.high > track.low ? (value - track.low) / (track.high - track.low) : 0);
}

const weights = new WeakMap(); // track -> its probabilities, or null

/**
 * The track of probabilities that belongs to one of predictions: "p1" to "top1" of the same group; null where none does.
 * @param {Track} track
 */
function trackWeight(track) {
  if (!weights.has(track)) {
    const [, before, k] = (track.group && track.kind === "category" && track.name.match(/^(.*)top(\d+)$/)) || [];
    /** @param {Track} other */
    const isIts = (other) => other.group === track.group && other.kind === "number" && other.name === `${before}p${k}`;
    weights.set(track, (k !== undefined && model.tracks.find(isIts)) || null);
  }
  return weights.get(track);
}

/* The tracks that have rows of their own: probabilities show in the colours of their predictions, unless they are asked for. */
function rowed() {
  const sure = new Set(model.tracks.map(trackWeight));
  return model.tracks.filter((track) => !sure.has(track));
}

/* How many tracks have no row now. */
export function nHiddenTracks() {
  const seen = visibleTracks();
  return rowed().filter((track) => !seen.includes(track)).length;
}

/**
 * The ground of a track at a place; `valueAt(track)` gives its value there. Predictions are as deep as they are likely.
 * @param {Track} track
 * @param {(track: Track) => TrackValue} valueAt
 */
export function trackGround(track, valueAt) {
  const value = valueAt(track);
  const sure = trackWeight(track);
  if (sure === null || isMissingValue(track, value)) return trackColour(track, value);
  return themeColours().sequence(clamp(valueAt(sure) || 0, 0, 1) * 0.9);
}

/**
 * A value in words.
 * @param {Track} track
 * @param {any} value
 */
export function trackText(track, value) {
  if (isMissingValue(track, value)) return "";
  if (track.kind === "category") return showToken(track.labels[value]).text;
  return valueText(value);
}

/**
 * How a track of numbers is drawn, where not as usual.
 * @param {Track} track
 */
export function trackLook({ name }) {
  const { looks } = state;
  return Object.hasOwn(looks, name) ? looks[name] : undefined; // a track may be called constructor
}
