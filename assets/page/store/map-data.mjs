/* What the map shows, as the server has it: points, what colours them, the window as a path, and the progress of a map. */

import { redraw } from "../dom/frame.mjs";
import { colouredCounts, colouredPoints } from "../lib/map-colours.mjs";
import { questionLine } from "../lib/questions.mjs";
import { showToken } from "../lib/tokens.mjs";
import { askedFields, hasQuestion, patternKey } from "../lib/url.mjs";
import { model } from "./model.mjs";
import { askServer, getJson, postJson, request } from "./request.mjs";
import { changeState, state } from "./state.mjs";
import { tracksQuery, tracksRevision } from "./tracks-revision.mjs";

const POLL = 500; // ms between two looks at a map that is computed
const REST = 120; // ms that the view rests before its path is asked for
const abouts = new Map(); // uuid -> promise
const maps = questionLine(); // another map ends what is asked of the one before
const paths = questionLine(REST);
const counts = questionLine(REST); // of units that are on: asked for once a drag rests
let /** @type {MapData} */ now = fresh(null); // the map that is wanted
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;

/**
 * @param {string | null} key
 * @returns {MapData}
 */
function fresh(key) {
  return {
    key,
    signal: maps.begin(),
    about: null,
    job: null,
    problem: null,
    map: null,
    ids: null,
    points: null,
    tokens: null,
    colour: null,
    path: null,
  };
}

/* {of, method}: the map that the state asks for; `of` is a source's name, or "embedding". */
export function wantedMap() {
  const { mapOf, mapMethod, source } = state;
  return { of: mapOf || source, method: mapMethod };
}

export const isMapOfTokens = () => wantedMap().of === "embedding" && !model.sourceOf("embedding");

export function mapPath({ of, method } = wantedMap()) {
  const source = model.sourceOf(of);
  return `d/${state.dump}/map/${source ? source.index : "embedding"}/${method}`;
}

function mapAbout() {
  const { dump } = state;
  if (!abouts.has(dump)) {
    const promise = getJson(`d/${dump}/map/about.json`);
    promise.catch(() => abouts.delete(dump));
    abouts.set(dump, promise);
  }
  return abouts.get(dump);
}

/* Load what the state asks for; the frame's part "map" draws it as it comes. */
export function needMap() {
  const key = mapPath();
  if (now.key !== key) {
    clearTimeout(timer);
    now = fresh(key);
    load(now);
  }
  needColour();
  needPath();
  return now;
}

/**
 * Do something for a map, and draw it unless another one is wanted by then; a failure is reported.
 * @param {MapData} mine
 * @param {() => Promise<void>} act
 */
async function forMap(mine, act) {
  try {
    await act();
  } catch (error) {
    mine.problem = error.message;
  }
  if (!mine.signal.aborted) redraw("map");
}

/** @param {MapData} mine */
function load(mine) {
  const { signal } = mine;
  return forMap(mine, async () => {
    mine.problem = null;
    mine.about = await mapAbout();
    const { job, map } = await getJson(`${mine.key}/points.json`, { signal });
    if (signal.aborted) return;
    mine.job = job;
    if (job.state === "waiting" || job.state === "running") timer = setTimeout(() => load(mine), POLL);
    if (map && !mine.points) await fetchPoints(mine, map);
  });
}

/**
 * @param {MapData} mine
 * @param {any} map
 */
async function fetchPoints(mine, map) {
  const { signal } = mine;
  const bytes = await (await request(`${mine.key}/points.bin`, { signal })).arrayBuffer();
  if (!map.is_of_steps) mine.tokens = (await getJson(`${mine.key}/tokens.json`, { signal })).tokens;
  mine.ids = new Int32Array(bytes, 0, map.n);
  mine.points = new Float32Array(bytes, 4 * map.n, 2 * map.n);
  mine.map = map;
  needColour();
  needPath();
}

/* Have the map computed, or stop that. */
export function startMap() {
  const mine = now;
  return forMap(mine, async () => {
    mine.problem = null;
    mine.job = await askServer(`${mine.key}/start`, {});
    if (!mine.signal.aborted) await load(mine);
  });
}

export function cancelMap() {
  const mine = now;
  clearTimeout(timer);
  return forMap(mine, async () => {
    await postJson(`${mine.key}/cancel`, {});
    mine.job = { state: "none", share: 0, words: "" };
  });
}

/* Ask once more for what failed. */
export function askMapAgain() {
  now = fresh(null);
  redraw("map");
}

/* What colours the map: {name, kind, labels, label: as it is shown, isOfStates}. The track, unit or pattern that was asked for, else
   the first track, else the present pattern; null where there is none. */
export function mapColouring() {
  if (isMapOfTokens())
    return { name: "frequency", kind: "number", labels: [], label: "times in the corpus", isOfStates: false };
  const { mapColour } = state;
  if (mapColour === "") return null;
  const track = model.tracks.find((one) => one.name === mapColour);
  if (!track && mapColour === OF_PATTERN) return ofStates(mapColour, "units on");
  if (!track && mapColour?.startsWith(OF_UNIT)) return ofStates(mapColour, unitWords(mapColour));
  const shown = track || model.tracks[0];
  if (shown) return { ...shown, label: showToken(shown.name).text, isOfStates: false };
  return hasQuestion(state) ? ofStates(OF_PATTERN, "units on") : null;
}

export const OF_PATTERN = "pattern:"; // as the server calls it
const OF_UNIT = "unit:";

/**
 * @param {string} name
 * @param {string} label
 */
function ofStates(name, label) {
  return { name, kind: "number", labels: /** @type {string[]} */ ([]), label, isOfStates: true };
}

/** @param {HeldUnit} unit */
export const unitColour = ({ source, unit }) => `${OF_UNIT}${source}:${unit}`;

/**
 * "unit:rnn.l1.c:23" -> "unit 23", with its source where that is not the plotted one.
 * @param {string} colour
 */
export function unitWords(colour) {
  const [source, unit] = colour.slice(OF_UNIT.length).split(/:(?=\d+$)/);
  return source === state.source ? `unit ${unit}` : `unit ${unit} of ${showToken(source).text}`;
}

/** @param {string} colour */
export const isUnitColour = (colour) =>
  Boolean(colour?.startsWith(OF_UNIT)) && !model.tracks.some((one) => one.name === colour);

function needColour() {
  const mine = now;
  const by = mapColouring();
  const name = by ? by.name : null;
  const stamp = by?.name === OF_PATTERN && by.isOfStates ? patternKey(state) : tracksRevision();
  if (!mine.points || (mine.colour && mine.colour.by === name && mine.colour.stamp === stamp)) return;
  const old = mine.colour?.by === name ? mine.colour : null; // while another pattern's counts come
  const /** @type {any} */ colour = {
      by: name,
      label: by?.label,
      stamp,
      values: old?.values || null,
      found: old?.found || null,
    };
  mine.colour = colour;
  if (!by) return;
  const { signal } = mine;
  counts.end();
  forMap(mine, async () => {
    const bytes = by.isOfStates
      ? await shades(mine.key, by.name)
      : await request(`${mine.key}/colour.bin?by=${encodeURIComponent(by.name)}&${tracksQuery()}`, { signal }).then(
          bytesOf,
        );
    if (!bytes) return; // another question came first
    colour.values = new Float32Array(bytes);
    colour.found = isMapOfTokens() ? colouredCounts(colour.values) : colouredPoints(colour.values, by);
  });
}

const bytesOf = (/** @type {Response} */ answer) => answer.arrayBuffer();

/**
 * How many units are on at each point; null where another question came first.
 * @param {string} key
 * @param {string} mapColour
 * @returns {Promise<ArrayBuffer | null>}
 */
async function shades(key, mapColour) {
  const /** @type {any} */ asked = { ...askedFields(state), lasso: null, mapColour };
  const reply = await counts.ask((signal) => postJson(`${key}/shades.bin`, asked, { signal }).then(bytesOf));
  if (reply?.error) throw reply.error;
  return reply?.answer;
}

async function needPath() {
  const mine = now;
  const { at, span } = state;
  const key = `${at} ${span}`;
  if (!mine.points || (mine.path && mine.path.key === key) || mine.asked === key) return;
  mine.asked = key;
  const stop = Math.min(model.axis.n_steps, at + span);
  const reply = await paths.ask((signal) => getJson(`${mine.key}/path.json?start=${at}&stop=${stop}`, { signal }));
  if (!reply || mine.signal.aborted) return; // another place or map is wanted by now
  if (reply.error) mine.problem = reply.error.message;
  else mine.path = Object.assign(reply.answer, { key });
  redraw("map");
}

export const presentMap = () => now;

/**
 * List a region. It names its own map, whatever is plotted later.
 * @param {Corner[]} lasso
 */
export function listRegion(lasso) {
  const { of, method } = wantedMap();
  changeState({ lasso, mapOf: of, mapMethod: method }, "settle");
  redraw("map");
}

/* Back to the matches of the pattern. */
export function dropRegion() {
  const { mapOf, source } = state;
  changeState({ lasso: null, mapOf: mapOf === source ? "" : mapOf }, "settle");
  redraw("map");
}
