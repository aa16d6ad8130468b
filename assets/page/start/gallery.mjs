/* A press that has a sample built, and opens it once it is there. */

import { notify } from "../dom/notice.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { allOffers, isOnItsWay } from "../store/offers.mjs";
import { openDump } from "../store/open.mjs";
import { askServer } from "../store/request.mjs";
import { receiveServed, servedChanged, watchServed } from "../store/served.mjs";

let /** @type {string} */ wanted = null; // the name of what was pressed last here: it opens when it is there

export function makeGallery() {
  servedChanged.on(arrive);
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
    receiveServed(await askServer("samples/build", { name }));
  } catch (error) {
    wanted = null;
    notify("samples", `${name} is not being built: ${error.message}`);
  }
  watchServed();
}
