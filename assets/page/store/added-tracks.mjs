/* Tracks that are added to the recording: changed by this page, or by somebody else meanwhile; either way what is shown of
   tracks follows. */

import { redrawAll } from "../dom/frame.mjs";
import { notify } from "../dom/notice.mjs";
import { signal } from "../lib/signal.mjs";
import { publishQuestion } from "./matches.mjs";
import { model } from "./model.mjs";
import { dumpShown } from "./open.mjs";
import { askServer, getJson, tracksSeen } from "./request.mjs";
import { changeState, state } from "./state.mjs";
import { visibleTracks } from "./tracks.mjs";

/** @type {AddedTracks | null} */
let known = null; // what the server says of them, once asked
let /** @type {Promise<unknown>} */ last = Promise.resolve(); // changes are made one after another
let nUnderWay = 0;

export const tracksChanged = signal(); // they are others now, or more is known of them
export const addedTracks = () => known;
export const isChangingTracks = () => nUnderWay > 0;

export function followTracks() {
  tracksSeen.on((/** @type {string} */ uuid, /** @type {string} */ revision) => {
    if (uuid === model.dump?.about.uuid && revision !== model.dump.about.tracks_revision && !nUnderWay) retrack();
  });
  dumpShown.on(() => {
    known = null;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && model.dump) askTracks().catch(Boolean); // the next question shows the failure
  });
}

/* Ask which tracks were added, and what may be. */
export async function askTracks() {
  const { uuid } = model.dump.about;
  const answer = await getJson(`d/${uuid}/tracks`);
  if (uuid === model.dump.about.uuid) await take(answer);
}

/**
 * Change the tracks: "add", "paint", "rename", "remove" or "undo". Throws an Error in words where it cannot be.
 * @param {string} act
 * @param {object} body
 */
export function changeTracks(act, body) {
  const { uuid } = model.dump.about;
  nUnderWay++;
  const change = last
    .catch(Boolean) // the one before has shown its own failure
    .then(() => askServer(`d/${uuid}/tracks/${act}`, body))
    .then((answer) => (uuid === model.dump.about.uuid ? take(answer) : null))
    .finally(() => nUnderWay--);
  last = change;
  return change;
}

/** @param {AddedTracks} answer */
async function take(answer) {
  known = answer;
  if (answer.revision !== model.dump.about.tracks_revision) await retrack();
  tracksChanged.tell();
}

/* Show the tracks as they are now. */
async function retrack() {
  const { dump } = model;
  let about;
  try {
    about = await getJson(`d/${dump.about.uuid}/about.json`, { cache: "no-cache" });
  } catch (error) {
    return notify("data", `The tracks could not be loaded again: ${error.message}`);
  }
  if (about.tracks_revision === dump.about.tracks_revision) return;
  const before = new Set(dump.about.tracks.map((track) => track.name));
  dump.retrack(about);
  if (dump !== model.dump) return;
  model.use(dump, state.source);
  showNew(before);
  publishQuestion(true);
  tracksChanged.tell();
  redrawAll();
}

/**
 * A track that has come has a row at once, also where only some are shown; one that has gone leaves the list of them.
 * @param {Set<string>} before
 */
function showNew(before) {
  const shown = visibleTracks().map((track) => track.name);
  const names = model.tracks.map((track) => track.name);
  const more = names.filter((name) => !before.has(name) && !shown.includes(name));
  const isGone = state.tracks?.some((name) => !names.includes(name));
  if (more.length || isGone) changeState({ tracks: [...shown, ...more] }, "settle");
}
