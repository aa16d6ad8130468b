/* What the server has to open, asked again while it may change: samples that are built, moments of a training as they are
   taken, a recording in progress as it grows. The page goes on with the newest of the recording that it shows. */

import { clearNotice, notify } from "../dom/notice.mjs";
import { isStartShown, isWorkbenchShown } from "../dom/stage.mjs";
import { signal } from "../lib/signal.mjs";
import { model } from "./model.mjs";
import { allOffers, isOnItsWay, setOffers } from "./offers.mjs";
import { showDump, takeDumps } from "./open.mjs";
import { dumps } from "./recordings.mjs";
import { getJson, isServerLost } from "./request.mjs";
import { isResting, state } from "./state.mjs";

const WAIT = { busy: 500, watch: 1500, idle: 4000 }; // ms between looks: others may have some built too
let lastAnswer = "";
let watches = false; // more may come by itself
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;
/** @type {Map<string, string>} */
const recordings = new Map(); // the recording that each dump is of, also of those that are not served any more

/* Sent when what the server has changes. */
export const servedChanged = signal();

/**
 * Take what came with the page.
 * @param {Served} given
 */
export function takeServed(given) {
  takeAnswer(given);
  lastAnswer = "";
  watchServed();
}

/* Look again, where there may be something new to see. */
export function watchServed() {
  clearTimeout(timer);
  const isBusy = isStartShown() && allOffers().some(isOnItsWay);
  if (isBusy || watches || (isStartShown() && allOffers().length))
    timer = setTimeout(look, isBusy ? WAIT.busy : watches ? WAIT.watch : WAIT.idle);
}

/* Ask what there is to open now. */
export async function lookAtServed() {
  receiveServed(await getJson("samples/about.json", { cache: "no-store" }));
}

async function look() {
  try {
    if (!document.hidden && !isServerLost()) await lookAtServed();
  } catch (error) {
    if (!error.isLost) notify("samples", `The list of what is served could not be loaded: ${error.message}`); // a lost server has its own notice
  }
  watchServed();
}

/** @param {Served} answer */
export function receiveServed(answer) {
  clearNotice("samples");
  const now = JSON.stringify(answer);
  if (now !== lastAnswer) {
    lastAnswer = now;
    takeAnswer(answer);
    takeDumps(answer.dumps);
    servedChanged.tell();
  }
  goOnWithNewest();
}

/** @param {Served} given */
function takeAnswer(given) {
  watches = given.watches;
  setOffers(given.offers);
  for (const one of given.dumps) recordings.set(one.uuid, one.recording);
}

/* The recording that is shown has grown, or was closed: the same steps and the same brush in what there is of it now. */
function goOnWithNewest() {
  if (!isWorkbenchShown() || !model.dump || !isResting()) return;
  const { uuid } = model.dump.about;
  const recording = recordings.get(uuid);
  if (!recording || dumps.some((one) => one.uuid === uuid)) return;
  const next = dumps.find((one) => one.recording === recording);
  if (next && state.dump === uuid) showDump(next.uuid, { ...state, dump: next.uuid }, "restore", []);
}
