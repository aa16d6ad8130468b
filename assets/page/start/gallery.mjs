/* The samples that the server offers: how far each is, asked again while the start page is shown; a press that has one built,
   and opens it once it is. */

import { clearNotice, notify } from "../dom/notice.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { signal } from "../lib/signal.mjs";
import { allOffers, isOnItsWay, setOffers } from "../store/offers.mjs";
import { openDump, takeDumps } from "../store/open.mjs";
import { askServer, getJson, isServerLost } from "../store/request.mjs";

const WAIT = { busy: 500, idle: 4000 }; // ms between looks: others may have some built too
let lastAnswer = "";
let /** @type {string} */ wanted = null; // the name of what was pressed last here: it opens when it is there
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;

/* The samples or the recordings that are served are others now. */
export const galleryChanged = signal();

/**
 * Take what the page was told as it came.
 * @param {Offer[]} given
 */
export function takeOffers(given) {
  setOffers(given);
  lastAnswer = "";
}

/* Look while the start page is shown. */
export function watchOffers() {
  clearTimeout(timer);
  if (!allOffers().length || !isStartShown()) return;
  timer = setTimeout(look, allOffers().some(isOnItsWay) ? WAIT.busy : WAIT.idle);
}

async function look() {
  try {
    if (!document.hidden && !isServerLost()) take(await getJson("samples/about.json", { cache: "no-store" }));
  } catch (error) {
    if (!error.isLost) notify("samples", `How far the samples are could not be asked: ${error.message}`); // a lost server is said by itself
  }
  watchOffers();
}

/** @param {{ offers: Offer[], dumps: DumpCard[] }} answer */
function take(answer) {
  clearNotice("samples");
  const now = JSON.stringify(answer);
  if (now !== lastAnswer) {
    lastAnswer = now;
    setOffers(answer.offers);
    takeDumps(answer.dumps);
    galleryChanged.tell();
  }
  arrive();
}

/* Open what was pressed last, now that it is there. */
function arrive() {
  const offer = allOffers().find((one) => one.name === wanted);
  if (!offer || isOnItsWay(offer)) return;
  wanted = null;
  if (offer.state === "kept" && isStartShown()) openDump(offer.dumps[0]);
}

/** @param {string} name */
export async function buildOffer(name) {
  wanted = name;
  try {
    take(await askServer("samples/build", { name }));
  } catch (error) {
    wanted = null;
    notify("samples", `${name} is not being built: ${error.message}`);
  }
  watchOffers();
}
