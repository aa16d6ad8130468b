/* The Export menu: matches and pattern as files, figures, the view as one page, and the pattern as code to copy. */

import { copyText } from "../dom/copy.mjs";
import { button, choiceList, element } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { hasQuestion, PAGE_ROWS } from "../lib/url.mjs";
import { mapPath } from "../store/map-data.mjs";
import { matchList } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { pairStep, partner } from "../store/pair.mjs";
import { listedQuestion } from "../store/pinned-pattern.mjs";
import { postJson } from "../store/request.mjs";
import { state } from "../store/state.mjs";
import { visibleTracks } from "../store/tracks.mjs";

const FIGURES = [
  ["units", "select view"],
  ["matches", "matches"],
  ["unit", "unit card"],
  ["text", "text of one unit"],
  ["thresholds", "units by threshold"],
  ["lengths", "match lengths"],
  ["carry", "what matches carry"],
  ["barcode", "where matches lie"],
  ["map", "map"],
  ["pair", "attention of the pair"],
];
const NEED = new Set(["matches", "lengths", "carry", "barcode", "thresholds"]); // a pattern, or for "carry" a region
const ROWS = 200; // of matches in a figure, as the server takes
let /** @type {Menu} */ menu;
let /** @type {HTMLElement} */ status;
let figure = "units";
let isBusy = false;

export function makeExportMenu() {
  const place = document.getElementById(ids.export);
  if (!place) return;
  menu = makeMenu(place, { words: "Export", title: "Export what is shown: files, figures, code", fill });
  menu.button.classList.add("lv-menu-down", "lv-export");
}

/** @param {HTMLElement} panel */
function fill(panel) {
  panel.classList.add("lv-export-panel");
  status = element("p", "lv-panel-note lv-export-status", "", { role: "status" });
  const pick = choiceList("Which figure", FIGURES, figure, (value) => (figure = value));
  panel.append(
    row("Matches", [
      ["CSV", "Every match, or step of a region, as a table", () => file("matches.csv", "the matches")],
      ["JSON", "Every match with the pattern, or every step of a region", () => file("matches.json", "the matches")],
    ]),
    row("Pattern", [
      ["JSON", "The pattern with its notes, to open again", () => document.getElementById(ids.patternSave).click()],
    ]),
    row(
      "Figure",
      ["SVG", "PNG", "PDF"].map((form) => [form, `The figure as ${form}`, () => draw(form.toLowerCase())]),
      pick,
    ),
    row("This view", [
      ["HTML page", "One page that opens without a server, to mail or to keep", () => file("view.html", "the page")],
    ]),
    row("Map", [
      [
        "for TensorBoard",
        "The states of the map, or the embeddings, with tokens and tracks, for TensorBoard's Embedding Projector",
        projector,
      ],
    ]),
    row("Copy", [
      ["Python", "Python that finds the same", () => copy("python")],
      ["command", "A command that finds the same matches", () => copy("command")],
      ["link", "A link to what is shown", () => document.getElementById(ids.copyLink).click()],
    ]),
    status,
  );
  if (isBusy) say("Another file is being made …");
}

/**
 * @param {string} words
 * @param {[name: string, title: string, act: () => void][]} buttons
 * @param {HTMLElement} [before]
 */
function row(words, buttons, before) {
  const whole = element("div", "lv-panel-row");
  whole.append(
    element("span", "lv-export-name", words),
    ...(before ? [before] : []),
    ...buttons.map(([name, title, act]) => button("lv-button", name, title, act)),
  );
  return whole;
}

/**
 * @param {string} words
 * @param {boolean} [isProblem]
 */
function say(words, isProblem) {
  if (!status) return;
  status.textContent = words;
  status.classList.toggle("lv-warn", Boolean(isProblem));
}

/* What is shown, as the server takes it. */
function selection() {
  const shown = Object.assign({}, state);
  const rows = Math.min(ROWS, Math.max(PAGE_ROWS, matchList().size()));
  return Object.assign(listedQuestion(shown), {
    rows,
    offset: 0,
    tracks: visibleTracks().map((track) => track.name),
    versus: null,
    pairAt: partner() ? pairStep() : null,
  });
}

const isAttentionShown = () => Boolean(partner()?.attention) && state.pair !== "off";
/** @param {State} shown */
const isPut = (shown) => hasQuestion(shown);
/** @param {State} shown */
const isListed = (shown) => Boolean(shown.lasso) || isPut(shown);

/**
 * One at a time; a long wait and a failure are each reported.
 * @param {string} product
 * @param {() => Promise<string | void>} act
 */
async function careful(product, act) {
  if (isBusy) return;
  isBusy = true;
  say(`Making ${product} …`);
  menu.panel.classList.add("lv-busy");
  try {
    say((await act()) || "");
    clearNotice("export");
  } catch (error) {
    const words = `The file of ${product} could not be made: ${error.message}`;
    say(words, true);
    if (!menu.isOpen()) notify("export", words);
  } finally {
    isBusy = false;
    menu.panel.classList.remove("lv-busy");
  }
}

function projector() {
  return careful("the map's points", async () => {
    const answer = await postJson(`${mapPath().replace(/\/[^/]*$/, "")}/projector.zip`, {});
    const name = nameOf(answer.headers.get("Content-Disposition") || "");
    save(await answer.blob(), name);
    return `Saved ${name}`;
  });
}

/** @param {string} path */
async function postSelection(path) {
  return postJson(`d/${state.dump}/${path}`, selection());
}

/**
 * @param {string} name
 * @param {string} product
 */
function file(name, product) {
  if (name.startsWith("matches") && !isListed(selection()))
    return say("There are no matches: brush a window that selects units first.", true);
  return careful(product, () => fetched(`export/${name}`));
}

/**
 * Save what a path answers, under the name that comes with it.
 * @param {string} path
 */
async function fetched(path) {
  const answer = await postSelection(path);
  const name = nameOf(answer.headers.get("Content-Disposition") || "");
  save(await answer.blob(), name);
  return `Saved ${name}`;
}

/** @param {string} header */
function nameOf(header) {
  const [, encoded] = header.match(/filename\*=UTF-8''([^;]+)/) || [];
  try {
    return encoded ? decodeURIComponent(encoded) : "lstmviz";
  } catch {
    return "lstmviz";
  }
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** @param {string} form */
function draw(form) {
  if (NEED.has(figure) && !(figure === "carry" ? isListed : isPut)(selection()))
    return say("This figure is of a pattern: brush a window that selects units first.", true);
  const theme = document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light";
  const query = new URLSearchParams({ view: figure, theme });
  const more = {};
  if (figure === "unit" || figure === "text") {
    const { source, unit, side } = oneUnit();
    query.set("unit", String(unit));
    query.set("side", side || "high");
    more.source = source;
  }
  return careful(`the figure, ${FIGURES.find(([value]) => value === figure)[1]}`, async () => {
    const asked = Object.assign(selection(), more);
    const answer = await postJson(`d/${state.dump}/export/figure.${form}?${query}`, asked);
    const name = nameOf(answer.headers.get("Content-Disposition") || "");
    save(await answer.blob(), name);
    return `Saved ${name}`;
  });
}

/* The unit that was pressed, else the first of the pattern, else unit 0. */
function oneUnit() {
  const [first] = model.chosen || [];
  return /** @type {HeldUnit & { side?: Side }} */ (state.held || first || { source: state.source, unit: 0 });
}

/** @param {string} form */
function copy(form) {
  const asked = selection();
  const isPair = !isListed(asked) && form === "python" && isAttentionShown();
  if (!isListed(asked) && !isPair)
    return say("There is no pattern to copy: brush a window that selects units first.", true);
  if (asked.lasso && form === "command")
    return say(
      "No command can express a region of the map: copy it as Python, or save its steps as CSV or JSON.",
      true,
    );
  return careful(form === "python" ? "the Python" : "the command", async () => {
    const text = await (await postSelection(`copy/${form}`)).text();
    try {
      await copyText(text);
    } catch {
      throw new Error("this browser does not let the page copy; use the link or the files");
    }
    if (isPair) return "Copied: Python that draws the attention of this pair";
    return form === "python"
      ? `Copied: Python that finds these ${asked.lasso ? "steps" : "matches"}`
      : "Copied: a command that finds these matches";
  });
}
