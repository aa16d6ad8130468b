/* The start page: a card for each sample that is offered and each recording that is served, found by name, model or source.
   Shown where the address names none and there are several; the wordmark leads back to it. */

import { button, element } from "../dom/element.mjs";
import { onFrame, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { isStartShown, turnTo } from "../dom/stage.mjs";
import { addCanvas } from "../dom/theme.mjs";
import { hideTip } from "../dom/tooltip.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { grouped } from "../lib/scale.mjs";
import { oneLine, showToken } from "../lib/tokens.mjs";
import { formatAddress } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { leaveAddress } from "../store/history.mjs";
import { lessonAbout, lessonChanged, openLesson } from "../store/lessons.mjs";
import { allOffers } from "../store/offers.mjs";
import { hasStartPage, openDump, showFromAddress, startAsked } from "../store/open.mjs";
import { dumps, strays } from "../store/recordings.mjs";
import { servedChanged, watchServed } from "../store/served.mjs";
import { makeGallery } from "./gallery.mjs";
import { fillOfferCard } from "./offer-card.mjs";
import { drawThumbnail, loadThumbnail } from "./thumbnail.mjs";

let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ list;
let /** @type {HTMLElement} */ countLine;
let /** @type {HTMLInputElement} */ field;
let /** @type {HTMLElement} */ end; // of the list: as it comes into view, more cards are made
let /** @type {any[]} */ cards = []; // {key, name, dump, offer, words}; once shown {item, link, frame, canvas} too; link is what a press or Enter goes to
let /** @type {any[]} */ found = []; // those of the cards that are asked for
let most = 0; // of them that are shown
let /** @type {IntersectionObserver} */ watcher = null; // of cards that come into view
const AT_ONCE = 240; // cards

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
  servedChanged.on(updateStart);
  lessonChanged.on(addLessons);
  makeGallery();
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
  watchServed();
}

/* Under the card of each sample that has a lesson: a button that opens it. */
function addLessons() {
  for (const { offer, item, name } of cards) {
    const lesson = item && offer && lessonAbout(name);
    if (!lesson || item.querySelector(".lv-start-lesson")) continue;
    const show = button("lv-button lv-start-lesson", "Show me", `Lesson: ${lesson.title}`, () =>
      openLesson(lesson.name),
    );
    show.setAttribute("aria-label", `Show me: the lesson on ${name}`);
    item.append(show);
  }
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
  head.prepend(introduction(allOffers().some((offer) => offer.is_sample)));
  list = element("ul", "lv-start-list", "", { id: "lv-start-list" });
  end = element("p", "lv-start-end");
  place.append(head, list, end);
  if (strays.length) place.append(strayList());
  field.addEventListener("input", filter);
  field.addEventListener("keydown", inField);
  list.addEventListener("keydown", inList);
  watcher = new IntersectionObserver(seen, { rootMargin: "200px" });
  watcher.observe(end);
  updateStart();
}

/**
 * What this is and where to begin.
 * @param {boolean} hasSamples
 */
function introduction(hasSamples) {
  const [what, where, orElse] = hasSamples
    ? [
        "a small recurrent network that has read a text, with its state at every step recorded",
        "text",
        "; or press Show me",
      ]
    : ["what a recurrent network has read, with its state at every step", "steps", ""];
  return element(
    "p",
    "lv-start-intro",
    `Each card is ${what}. Open one, brush a span of the ${where}, and see which units are on through exactly that span and where else they are${orElse}.`,
  );
}

/* What lies beside the recordings and is not shown, each with the reason. */
function strayList() {
  const whole = element("details", "lv-start-strays");
  const lines = element("ul", "");
  lines.append(...strays.map((line) => element("li", "", oneLine(line))));
  whole.append(element("summary", "", `${plural(strays.length, "file")} not shown`), lines);
  return whole;
}

/* Make the cards of what is offered and served now; unchanged cards are kept. */
function updateStart() {
  if (!list) return;
  const offers = allOffers();
  const offered = new Set(offers.flatMap((offer) => offer.dumps));
  const /** @type {{ offer?: Offer, dump?: DumpCard }[]} */ wanted = [
      ...offers.map((offer) => ({ offer, dump: dumps.find((one) => one.uuid === offer.dumps.at(-1)) })),
      ...dumps.filter((dump) => !offered.has(dump.uuid)).map((dump) => ({ dump })),
    ];
  const before = new Map(cards.map((one) => [one.key, one]));
  const held = cards.find((one) => one.item?.contains(document.activeElement));
  cards = wanted.map((one) => before.get(JSON.stringify(one)) || listed(one));
  const seen = most;
  filter();
  while (most < Math.min(seen, found.length)) showMore(); // whoever scrolled down stays there
  const again = held && found.slice(0, most).find((one) => one.name === held.name);
  if (again) (again.link || again.frame.firstChild).focus({ preventScroll: true });
}

/**
 * What is kept of each card, shown or not.
 * @param {{ offer?: Offer, dump?: DumpCard }} given
 */
function listed(given) {
  const { offer, dump } = given;
  const named = offer ? [offer.name, offer.model, offer.about, offer.question] : [dump.name, dump.model];
  const words = [...named, ...(dump ? dump.sources : [])].join("\n").toLowerCase();
  return { key: JSON.stringify(given), name: (offer || dump).name, dump, offer, words };
}

/* Show the next `AT_ONCE` of the cards that are asked for; each is made when it is first shown. */
function showMore() {
  const more = found.slice(most, most + AT_ONCE);
  most += more.length;
  for (const one of more) {
    if (!one.item) Object.assign(one, one.offer ? offerCard(one) : card(one.dump));
    if (!one.canvas) watcher.observe(one.item);
  }
  list.append(...more.map((one) => one.item));
  end.textContent = most < found.length ? `${grouped(found.length - most)} more as you scroll, or search for them` : "";
  addLessons();
}

/** @param {boolean} [isTitle] */
function kindWord(isTitle) {
  const words = allOffers().some((offer) => offer.is_sample) ? "samples" : "recordings";
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
  return { item, link, frame, canvas: /** @type {HTMLCanvasElement | null} */ (null) };
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
  if (dump.is_growing)
    when.append(
      element("span", "lv-warn", "being recorded", {
        title: "The recording goes on: the page shows the steps so far, and more as they come.",
      }),
    );
  else if (!dump.is_complete)
    when.append(
      element("span", "lv-warn", "cut short", {
        title: "The recording was cut short: it holds the steps up to there.",
      }),
    );
  link.append(frame, name, line, when, sources);
  item.append(link);
  return { item, link, frame, canvas: /** @type {HTMLCanvasElement | null} */ (null) };
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

/* Every word has to occur in a recording's name, model or sources. */
function filter() {
  const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  found = cards.filter((one) => asked.every((word) => one.words.includes(word)));
  most = 0;
  list.replaceChildren();
  showMore();
  const n = found.length;
  const all = plural(cards.length, kindWord().slice(0, -1));
  countLine.textContent = asked.length
    ? n
      ? `${grouped(n)} of ${all}`
      : `None of ${all} matches by name, model or source. Esc shows all.`
    : all;
}

const visible = () => found.slice(0, most);
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
    if (entry.target === end) {
      if (most < found.length) showMore();
      continue;
    }
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
      .map((one) => ({ name: one.name, state: one.offer.state, said: one.frame?.textContent })),
    drawn: cards.filter((one) => one.canvas && one.canvas.dataset.state === "drawn").length,
  };
}
