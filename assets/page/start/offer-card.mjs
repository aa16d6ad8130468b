/* What the card of a sample shows where others have their picture, as long as there is none: a button that has it built, how
   far that is, or why it failed. */

import { button, element } from "../dom/element.mjs";
import { classRole } from "../store/class-role.mjs";
import { isOnItsWay } from "../store/offers.mjs";
import { buildOffer } from "./gallery.mjs";

/**
 * Fill the picture's place of a sample that is not there yet; gives the button, or null while it is built.
 * @param {HTMLElement} frame
 * @param {Offer} offer
 */
export function fillOfferCard(frame, offer) {
  if (isOnItsWay(offer)) {
    frame.replaceChildren(progress(offer));
    return null;
  }
  if (classRole() === "student") {
    frame.replaceChildren(element("span", "lv-offer-note", "not there yet; the teacher can build it"));
    return null;
  }
  const hasFailed = offer.state === "failed";
  const build = button("lv-offer-build", words(offer), about(offer), () => buildOffer(offer.name));
  build.setAttribute("aria-label", `${words(offer)} ${offer.name}`);
  const /** @type {HTMLElement[]} */ lines = [build];
  if (hasFailed) lines.push(element("span", "lv-offer-failed", offer.words, { role: "alert", title: offer.words }));
  else if (offer.command) {
    const note = element("span", "lv-offer-note", "or ");
    note.append(element("code", "", offer.command));
    lines.push(note);
  }
  frame.replaceChildren(...lines);
  return build;
}

/** @param {Offer} offer */
function words({ state, command, members }) {
  if (state === "failed") return "Try again";
  if (command) return "Train, about 2 minutes";
  return members.length > 1 ? `Build all ${members.length}` : "Build";
}

/** @param {Offer} offer */
function about({ command }) {
  return command
    ? "Trains the model on this machine, with one core, and records it; it is kept for the next time"
    : "Records it on this machine, in seconds, and opens it; it is kept for the next time";
}

/** @param {Offer} offer */
function progress(offer) {
  const whole = element("span", "lv-offer-progress", "", { role: "status", tabindex: "-1" });
  const bar = element("progress", "", "", { max: "1", "aria-label": `How far ${offer.name} is` });
  if (offer.share !== null) bar.value = offer.share;
  whole.append(bar, element("span", "lv-offer-note", offer.words));
  return whole;
}
