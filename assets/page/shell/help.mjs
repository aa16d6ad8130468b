/* Help: a button and "?" open a list of every key, from the table that the handlers use, and what else there is to know. */

import { stripPlace } from "../corpus/strip.mjs";
import { button, element, tickBox } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { isProjectorOn, setProjector } from "../dom/projector.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { KEY_TABLE, keyCaps } from "../lib/keys.mjs";
import { startTour } from "./tour.mjs";

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
    button("lv-button", "Take the tour", "Five stops at the page's own controls", () => {
      closeHelp();
      startTour();
    }),
  );
  if (isStartShown()) more.lastChild.remove(); // the tour goes over a recording
  const tables = element("div", "lv-keys");
  tables.append(...KEY_TABLE.map(table));
  const pointer = element(
    "p",
    "lv-card-note",
    "With the pointer: drag over the tokens to brush; drag the lines to pan, the wheel pans too and zooms with Ctrl; drag the dot on the axis to set the threshold; press a line to hold its unit, with Shift to take it out.",
  );
  dialog.replaceChildren(head, more, tables, pointer);
}

/** @param {{ place: string, title: string, keys: any[] }} part */
function table({ place, title, keys }) {
  const whole = element("section", "lv-keys-part", "", { "aria-labelledby": `lv-keys-${place}` });
  const list = element("dl", "lv-keys-list");
  for (const [, combinations, words] of keys) {
    const term = element("dt");
    combinations.forEach((/** @type {string} */ one, /** @type {number} */ k) => {
      if (k) term.append(" or ");
      keyCaps(one).forEach((part, at) => term.append(at ? "+" : "", element("kbd", "", part)));
    });
    list.append(term, element("dd", "", words));
  }
  whole.append(element("h3", "", title, { id: `lv-keys-${place}` }), list);
  return whole;
}
