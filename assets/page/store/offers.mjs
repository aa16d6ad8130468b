/* The samples that the server offers, as it told them last. */

let offers = []; // {name, model, about, question, command, members, state, words, share, dumps}

export const allOffers = () => offers;

export function setOffers(given) {
  offers = given;
}

export const isOnItsWay = (offer) => offer.state === "waiting" || offer.state === "working";

/* The offer that a recording belongs to together with others; null where it stands alone. */
export function seriesOf(uuid) {
  return offers.find((offer) => offer.dumps.length > 1 && offer.dumps.includes(uuid)) || null;
}
