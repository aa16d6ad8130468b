/* The samples that the server offers, as last received. */

let /** @type {Offer[]} */ offers = []; // {name, model, about, question, command, members, state, words, share, dumps}

export const allOffers = () => offers;

/** @param {Offer[]} given */
export function setOffers(given) {
  offers = given;
}

/** @param {Offer} offer */
export const isOnItsWay = (offer) => offer.state === "waiting" || offer.state === "working";

/**
 * The offer that a recording belongs to together with others; null where it stands alone.
 * @param {string} uuid
 */
export function seriesOf(uuid) {
  return offers.find((offer) => offer.dumps.length > 1 && offer.dumps.includes(uuid)) || null;
}
