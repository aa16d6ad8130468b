/* The mean paths of conditions on the map, as the server has them: asked for once for each map, track and revision of tracks. */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { isMapOfTokens, mapPath, wantedMap } from "./map-data.mjs";
import { model } from "./model.mjs";
import { getJson } from "./request.mjs";
import { state } from "./state.mjs";
import { tracksQuery } from "./tracks-revision.mjs";

const line = questionLine();
let /** @type {string} */ wanted = null;
let /** @type {{ conditions: ConditionPath[], n_conditions: number }} */ known = null;
let /** @type {string} */ problem = null;

/* Can paths be shown: is it a map of states by PCA, on which a mean has its place? */
export const hasMapPaths = () => wantedMap().method === "pca" && !isMapOfTokens();

/* Ask for the paths that the state asks for, unless they are here or on their way. */
export function needMapPaths() {
  const { mapPaths } = state;
  const isWanted = mapPaths !== null && hasMapPaths();
  const path = isWanted ? `${mapPath()}/paths.json?by=${encodeURIComponent(mapPaths)}&${tracksQuery()}` : null;
  if (path === wanted) return;
  [wanted, known, problem] = [path, null, null];
  if (path === null) line.end();
  else ask(path);
}

/** @param {string} path */
async function ask(path) {
  const reply = await line.ask((signal) => getJson(path, { signal }));
  if (!reply) return;
  if (reply.error) problem = reply.error.message;
  else known = reply.answer;
  redraw("map");
}

/* {conditions, n_conditions}; null while they are on their way, or where none are asked for. */
export const presentMapPaths = () => (wanted === null ? null : known);
export const mapPathsProblem = () => (wanted === null ? null : problem);

/* The track whose values are the conditions; null where all sequences are one. */
export const conditionTrack = () => model.tracks.find((track) => track.name === state.mapPaths) || null;
