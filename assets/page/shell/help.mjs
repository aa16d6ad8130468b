/* Help: a button and "?" open a list of every key, from the table that the handlers use, and what else there is to know. */

import { stripPlace } from "../corpus/strip.mjs";
import { button, element, tickBox } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { isProjectorOn, setProjector } from "../dom/projector.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { KEY_TABLE, keyCaps } from "../lib/keys.mjs";
import { openLesson } from "../store/lessons.mjs";
import { concepts, docLink } from "./concepts.mjs";

const DOCS = [
  ["page.html", "The page"],
  ["matching.html", "What is matched"],
  ["explain.html", "What a pattern means"],
  ["maps.html", "Maps"],
  ["labels.html", "Labels"],
  ["lessons.html", "Lessons"],
  ["glossary.html", "Words"],
];
const MOST = 4; // keys for one thing that are each named
let /** @type {HTMLDialogElement} */ dialog = null;

export function makeHelp() {
  const place = document.getElementById(ids.help);
  const help = button("lv-square", "?", "Keys and help (?)", openHelp);
  help.setAttribute("aria-haspopup", "dialog");
  place.append(help);
  document.querySelector(".lv-skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address is the selection's
    stripPlace().focus();
  });
}

export function isHelpOpen() {
  return Boolean(dialog?.open);
}

export function openHelp() {
  if (!dialog) {
    dialog = element("dialog", "lv-dialog", "", { "aria-labelledby": "lv-help-title" });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
    dialog.addEventListener("keydown", (event) => event.stopPropagation()); // its Escape is its own
    document.getElementById(ids.root).append(dialog);
  }
  if (dialog.open) return;
  fill();
  dialog.showModal();
}

function closeHelp() {
  if (isHelpOpen()) dialog.close();
}

function fill() {
  const head = element("div", "lv-dialog-head");
  head.append(
    element("h2", "", "Keys and help", { id: "lv-help-title" }),
    button("lv-card-close", "×", "Close", closeHelp),
  );
  const more = element("div", "lv-help-more");
  more.append(
    tickBox("Large type, for a projector", isProjectorOn(), setProjector),
    button("lv-button", "Show me", "The first lesson: four steps on the page's own controls", () => {
      closeHelp();
      openLesson("first");
    }),
  );
  if (isStartShown()) more.lastChild.remove(); // the lesson is on a recording
  const tables = element("div", "lv-keys");
  tables.append(...KEY_TABLE.map(table));
  const pointer = element(
    "p",
    "lv-card-note",
    "With the pointer: press a token or drag over several to brush, press twice for a word or a run of one label, with Shift to extend; drag the lines to pan, or turn the wheel with Shift, and with Ctrl to zoom; drag the dot on the axis to set the threshold; press a line to highlight its unit, with Shift to take it out.",
  );
  const reading = element("p", "lv-help-docs");
  reading.append("Read on: ", ...DOCS.map(([page, words]) => docLink(page, words)));
  dialog.replaceChildren(head, more, ...concepts(), reading, tables, pointer);
}

/** @param {{ place: string, title: string, keys: any[] }} part */
function table({ place, title, keys }) {
  const whole = element("section", "lv-keys-part", "", { "aria-labelledby": `lv-keys-${place}` });
  const list = element("dl", "lv-keys-list");
  for (const [, combinations, words] of keys) {
    const term = element("dt");
    const isRange = combinations.length > MOST; // 1 to 9
    const named = isRange ? [combinations[0], combinations.at(-1)] : combinations;
    named.forEach((/** @type {string} */ one, /** @type {number} */ k) => {
      if (k) term.append(isRange ? " to " : " or ");
      keyCaps(one).forEach((part, at) => term.append(at ? "+" : "", element("kbd", "", part)));
    });
    list.append(term, element("dd", "", words));
  }
  whole.append(element("h3", "", title, { id: `lv-keys-${place}` }), list);
  return whole;
}
