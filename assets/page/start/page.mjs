/* The start page: a card for each sample that is offered and each recording that is served, found by name, model or source.
   Shown where the address names none and there are several; the wordmark leads back to it. */

import { element } from "../dom/element.mjs";
import { onFrame, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { isStartShown, turnTo } from "../dom/stage.mjs";
import { addCanvas } from "../dom/theme.mjs";
import { hideTip } from "../dom/tooltip.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { grouped } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { formatAddress } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { leaveAddress } from "../store/history.mjs";
import { allOffers } from "../store/offers.mjs";
import { hasStartPage, openDump, showFromAddress, startAsked } from "../store/open.mjs";
import { dumps } from "../store/recordings.mjs";
import { galleryChanged, watchOffers } from "./gallery.mjs";
import { fillOfferCard } from "./offer-card.mjs";
import { drawThumbnail, loadThumbnail } from "./thumbnail.mjs";

let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ list;
let /** @type {HTMLElement} */ countLine;
let /** @type {HTMLInputElement} */ field;
let /** @type {any[]} */ cards = []; // {name, dump, offer, item, link, frame, canvas, words}; link is what a press or Enter goes to
let /** @type {IntersectionObserver} */ watcher = null; // of cards that come into view

export function makeStart() {
  place = document.getElementById(ids.start);
  const home = document.getElementById(ids.home);
  if (!hasStartPage()) home.title = "The start of the recording";
  home.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return; // into a tab of its own
    event.preventDefault();
    leaveAddress(true);
    showFromAddress();
  });
  startAsked.on(showStart);
  galleryChanged.on(updateStart);
  onFrame("start", () => cards.forEach((card) => card.canvas && drawThumbnail(card.canvas)));
}

function showStart() {
  if (!cards.length) build();
  turnTo("start");
  redrawAll();
  leaveAddress(false);
  hideTip();
  field.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  watchOffers();
}

function build() {
  const head = element("div", "lv-start-head");
  field = element("input", "lv-input lv-start-field", "", {
    type: "search",
    placeholder: "Search names, models, sources",
    "aria-label": `Search the ${kindWord()} by name, model or source`,
    "aria-controls": "lv-start-list",
    autocomplete: "off",
    spellcheck: "false",
  });
  countLine = element("p", "lv-start-found", "", { role: "status" });
  head.append(element("h2", "", kindWord(true)), field, countLine);
  list = element("ul", "lv-start-list", "", { id: "lv-start-list" });
  place.append(head, list);
  field.addEventListener("input", filter);
  field.addEventListener("keydown", inField);
  list.addEventListener("keydown", inList);
  watcher = new IntersectionObserver(seen, { rootMargin: "200px" });
  updateStart();
}

/* Make the cards of what is offered and served now; one that stays as it was stays. */
function updateStart() {
  if (!list) return;
  const offers = allOffers();
  const offered = new Set(offers.flatMap((offer) => offer.dumps));
  const /** @type {{ offer?: Offer, dump?: DumpCard }[]} */ wanted = [
      ...offers.map((offer) => ({ offer, dump: dumps.find((one) => one.uuid === offer.dumps.at(-1)) })),
      ...dumps.filter((dump) => !offered.has(dump.uuid)).map((dump) => ({ dump })),
    ];
  const before = new Map(cards.map((one) => [one.key, one]));
  const held = cards.find((one) => one.item.contains(document.activeElement));
  cards = wanted.map((one) => before.get(JSON.stringify(one)) || (one.offer ? offerCard(one) : card(one.dump)));
  list.replaceChildren(...cards.map((one) => one.item));
  for (const one of cards) if (!one.canvas) watcher.observe(one.item);
  const again = held && cards.find((one) => one.name === held.name);
  if (again) (again.link || again.frame.firstChild).focus({ preventScroll: true });
  filter();
}

/** @param {boolean} [isTitle] */
function kindWord(isTitle) {
  const words = allOffers().length ? "samples" : "recordings";
  return isTitle ? words[0].toUpperCase() + words.slice(1) : words;
}

/**
 * The card of a sample: what it is and what to ask of it; where it is not there yet, how to have it.
 * @param {{ offer?: Offer, dump?: DumpCard }} given
 */
function offerCard({ offer, dump }) {
  const item = element("li", "lv-start-item");
  const isKept = Boolean(dump);
  const whole = isKept ? leading(offer.dumps[0]) : element("div", "lv-start-card");
  const frame = element("span", "lv-start-picture");
  const line = element("p", "lv-start-line");
  line.append(...[offer.model, isKept && dump.detail].filter(Boolean).map((text) => element("bdi", "", text)));
  whole.append(
    frame,
    element("bdi", "lv-start-name", offer.name),
    line,
    element("p", "lv-start-about", sentence(offer.about)),
    element("p", "lv-start-question", offer.question),
  );
  item.append(whole);
  const link = isKept ? whole : fillOfferCard(frame, offer);
  const words = [offer.name, offer.model, offer.about, offer.question, ...(isKept ? dump.sources : [])]
    .join("\n")
    .toLowerCase();
  return {
    key: JSON.stringify({ offer, dump }),
    name: offer.name,
    dump,
    offer,
    item,
    link,
    frame,
    canvas: /** @type {HTMLCanvasElement | null} */ (null),
    words,
  };
}

/** @param {string} text */
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;

/**
 * A card that leads into a recording.
 * @param {string} uuid
 */
function leading(uuid) {
  const link = element("a", "lv-start-card", "", {
    href: formatAddress({ dump: uuid, source: "" }).replace("&source=", ""),
  });
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openDump(uuid);
  });
  return link;
}

/** @param {DumpCard} dump */
function card(dump) {
  const item = element("li", "lv-start-item");
  const link = leading(dump.uuid);
  const name = element("bdi", "lv-start-name", showToken(dump.name).text);
  const line = element("p", "lv-start-line");
  line.append(
    ...[dump.model && showToken(dump.model).text, dump.detail].filter(Boolean).map((text) => element("bdi", "", text)),
  );
  const when = element("p", "lv-start-line");
  if (dump.created)
    when.append(element("span", "", "recorded "), element("bdi", "", day(dump.created), { title: dump.created }));
  const sources = element("p", "lv-start-sources", sourceWords(dump.sources), {
    title: dump.sources.map((one) => showToken(one).text).join(", "),
  });
  const frame = element("span", "lv-start-picture");
  if (!dump.is_complete)
    when.append(
      element("span", "lv-warn", "cut short", {
        title: "The recording did not end in order: it holds the steps up to where it was cut short.",
      }),
    );
  link.append(frame, name, line, when, sources);
  item.append(link);
  return {
    key: JSON.stringify({ dump }),
    name: dump.name,
    dump,
    item,
    link,
    frame,
    canvas: /** @type {HTMLCanvasElement | null} */ (null),
    words: [dump.name, dump.model, ...dump.sources].join("\n").toLowerCase(),
  };
}

/** @param {string[]} names */
function sourceWords(names) {
  const some = names
    .slice(0, 4)
    .map((name) => showToken(name).text)
    .join(" · ");
  return names.length > 4 ? `${some} · ${names.length - 4} more` : some;
}

/**
 * "2026-11-23" of a time as a dump keeps it; anything else as it stands.
 * @param {string} created
 */
function day(created) {
  return /^\d{4}-\d\d-\d\d/.test(created) ? created.slice(0, 10) : showToken(created.slice(0, 20)).text;
}

/* Every word has to stand somewhere in a recording's name, model or sources. */
function filter() {
  const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let n = 0;
  for (const one of cards) {
    one.item.hidden = !asked.every((word) => one.words.includes(word));
    if (!one.item.hidden) n++;
  }
  const all = plural(cards.length, kindWord().slice(0, -1));
  countLine.textContent = asked.length
    ? n
      ? `${grouped(n)} of ${all}`
      : `None of ${all} has that in its name, model or sources. Esc shows all.`
    : all;
}

const visible = () => cards.filter((one) => !one.item.hidden);
const reachable = () => visible().filter((one) => one.link); // one that is being built has nothing to press

/** @param {KeyboardEvent} event */
function inField(event) {
  actOnKey("start", event, {
    open: () => reachable().length && reachable()[0].link.click(),
    cards: () => reachable().length && reachable()[0].link.focus(),
    all: () => {
      field.value = "";
      filter();
    },
  });
}

/** @param {KeyboardEvent} event */
function inList(event) {
  const shown = reachable();
  const at = shown.findIndex((one) => one.link === document.activeElement);
  if (at < 0) return;
  const across = shown.filter((one) => one.item.offsetTop === shown[0].item.offsetTop).length;
  /** @param {number} k */
  const to = (k) => (k < 0 ? field : (shown[Math.min(k, shown.length - 1)] || shown[at]).link).focus();
  actOnKey("cards", event, {
    back: () => to(at - 1),
    on: () => to(at + 1),
    up: () => to(at - across),
    down: () => to(at + across),
    search: () => field.select(),
  });
}

/**
 * A thumbnail is asked for when its card comes into view.
 * @param {IntersectionObserverEntry[]} entries
 */
function seen(entries) {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    const one = cards.find((card) => card.item === entry.target);
    if (!one?.dump) continue;
    one.canvas = addCanvas(one.frame, "lv-start-canvas");
    loadThumbnail(one.canvas, one.dump);
  }
}

/* For tests: what is shown. */
export function inspectStart() {
  if (!isStartShown()) return null;
  return {
    names: visible().map((one) => one.name),
    said: countLine.textContent,
    offers: cards
      .filter((one) => one.offer)
      .map((one) => ({ name: one.name, state: one.offer.state, said: one.frame.textContent })),
    drawn: cards.filter((one) => one.canvas && one.canvas.dataset.state === "drawn").length,
  };
}
