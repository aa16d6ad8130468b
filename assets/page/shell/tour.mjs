/* A tour of five stops at real controls. Offered once, where nothing is selected and nothing is covered; help has it always. */

import { button, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { clamp, hasQuestion } from "../lib/url.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";

const KEPT = "lstmviz-tour"; // "closed" once it was taken or declined
const GAP = 10; // px between a control and the card that speaks of it
const EDGE = 12; // px between the card and the window's edge

export const STOPS = [
  [
    "plot",
    "Every line is a unit",
    "Each grey line is one unit's activation over the text below it. Drag or press ← → to move, + and − to zoom. Point at a line to see which unit it is.",
  ],
  [
    "strip",
    "Brush a span of the text",
    "Drag over tokens that share something. The units that are on through exactly that span turn blue; the two handles say how long before and after they must be off.",
  ],
  [
    "threshold",
    "Choose what counts as on",
    "A unit is on where its value is at least this. Beside it: high, low or both sides, and the steps around the span where it must be off.",
  ],
  [
    "units",
    "The units of your pattern",
    "Each selected unit stands here. Press one to hold its line, × takes it out, + pin keeps one whatever the brush says, + source adds another layer's.",
  ],
  [
    "matchTable",
    "Where else they are on together",
    "Every other place in the whole corpus where these units are on together, best first. If the places share a meaning, you have found what the units stand for.",
  ],
];

let at = -1; // the stop that is shown
let /** @type {HTMLElement} */ card = null;
let /** @type {HTMLElement} */ ring = null;
let /** @type {HTMLElement} */ offer = null;
let /** @type {HTMLElement} */ back = null; // what had the focus before

function isClosed() {
  try {
    return window.localStorage.getItem(KEPT) === "closed";
  } catch {
    return true; // a browser that keeps nothing would be asked each time
  }
}

function close() {
  try {
    window.localStorage.setItem(KEPT, "closed");
  } catch {
    // nothing is kept: nothing was offered either
  }
  if (offer) offer.replaceChildren();
}

export function makeTour() {
  offer = document.getElementById(ids.tour);
  onFrame("selection", drawOffer);
  window.addEventListener("resize", place);
  document.getElementById(ids.home).addEventListener("click", (event) => event.defaultPrevented && endTour()); // it leads away
  document.addEventListener(
    "keydown",
    (event) => {
      if (at < 0 || event.key !== "Escape") return;
      event.stopPropagation();
      endTour();
    },
    true,
  );
}

/* The invitation stands under the three steps that an empty table of matches shows, in room that is empty anyway. */
function drawOffer() {
  const isOffered = model.source && !hasQuestion(state) && at < 0 && !isClosed();
  offer.hidden = !isOffered;
  if (!isOffered || offer.firstChild) return;
  const words = element("p", "");
  words.append(element("strong", "", "First time here? "), "Five stops at the page's own controls, half a minute.");
  offer.append(
    words,
    button("lv-button", "Take the tour", "Show what each part of the page is for", startTour),
    button("lv-link", "No, thanks", "Do not offer it again", close),
  );
}

export function startTour() {
  if (!model.source || isStartShown()) return;
  back = /** @type {HTMLElement} */ (document.activeElement);
  ring = element("div", "lv-tour-ring", "", { "aria-hidden": "true" });
  card = element("div", "lv-tour-card", "", { role: "dialog", "aria-label": "Tour", tabindex: "-1" });
  card.addEventListener("keydown", (event) => event.stopPropagation());
  document.getElementById(ids.root).append(ring, card);
  close();
  offer.hidden = true;
  go(0);
}

/** @param {number} to */
function go(to) {
  at = to;
  const [, title, words] = STOPS[at];
  const isLast = at === STOPS.length - 1;
  const foot = element("div", "lv-tour-foot");
  const next = button(
    "lv-button lv-primary",
    isLast ? "Done" : "Next",
    isLast ? "End the tour" : "The next stop",
    () => (isLast ? endTour() : go(at + 1)),
  );
  const before = button("lv-button", "Back", "The stop before", () => go(at - 1));
  before.disabled = at === 0;
  foot.append(
    element("span", "lv-tour-count", `${at + 1} of ${STOPS.length}`),
    button("lv-link", "Skip", "End the tour", endTour),
    before,
    next,
  );
  card.replaceChildren(element("h2", "", title), element("p", "", words, { "aria-live": "polite" }), foot);
  if (isLast) foot.querySelector(".lv-link").remove();
  target().scrollIntoView({ block: "nearest" });
  place();
  next.focus({ preventScroll: true });
}

function target() {
  const element = document.getElementById(ids[STOPS[at][0]]);
  return STOPS[at][0] === "plot" && !element.clientHeight ? document.getElementById(ids.unitText) : element;
}

/* The ring around the control, and the card under it, or over it where there is more room. */
function place() {
  if (at < 0) return;
  const box = target().getBoundingClientRect();
  const bottom = Math.min(box.bottom, window.innerHeight - EDGE);
  Object.assign(ring.style, {
    left: `${box.left - 4}px`,
    top: `${box.top - 4}px`,
    width: `${box.width + 8}px`,
    height: `${Math.max(24, bottom - box.top) + 8}px`,
  });
  const [wide, tall] = [card.offsetWidth, card.offsetHeight];
  const isUnder = bottom + GAP + tall + EDGE <= window.innerHeight;
  const top = isUnder ? bottom + GAP : Math.max(EDGE, box.top - GAP - tall);
  const left = clamp(box.left, EDGE, window.innerWidth - wide - EDGE);
  Object.assign(card.style, { left: `${left}px`, top: `${top}px` });
}

function endTour() {
  if (at < 0) return;
  at = -1;
  card.remove();
  ring.remove();
  const help = document.querySelector(`#${ids.help} button`);
  const to = back?.isConnected && back !== document.body ? back : help;
  if (to) to.focus({ preventScroll: true });
}
