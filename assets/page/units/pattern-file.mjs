/* A pattern as a file: saved from what is brushed, opened from another page, the command line or a notebook. */

import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { matchAnswer } from "../store/matches.mjs";
import { openPattern } from "../store/open.mjs";
import { openedPattern, readPattern } from "../store/opened-pattern.mjs";
import { changeState, state } from "../store/state.mjs";

const MOST = 1024 * 1024; // characters, as the server takes

let /** @type {boolean} */ isOpen = null; // whether a pattern was open when the fields were last drawn
let /** @type {HTMLElement} */ note;

export function makePatternFile() {
  note = document.getElementById(ids.patternNote);
  note.addEventListener("click", () => changeState({ pattern: null }, "push"));
  document.getElementById(ids.patternSave).addEventListener("click", save);
  document.getElementById(ids.patternOpen).addEventListener("click", choose);
  onFrame("pattern", draw);
}

function draw() {
  const file = openedPattern();
  note.hidden = !state.pattern;
  if (isOpen !== !note.hidden) {
    isOpen = !note.hidden;
    for (const name of ["threshold", "before", "after", "side"]) {
      dash_clientside.set_props(ids[name], { disabled: isOpen }); // each unit of a pattern has its own
    }
  }
  if (note.hidden) return;
  const words = ["opened pattern"];
  if (file) {
    const { units, off_before: before, off_after: after } = file.pattern;
    if (file.notes?.name) words[0] = `“${showToken(file.notes.name).text}”`;
    words.push(plural(units.length, "unit"));
    if (before || after) words.push(`off ${before} before, ${after} after`);
  }
  note.textContent = `${words.join(" · ")}  ×`;
}

function save() {
  const answer = matchAnswer();
  if (!answer?.pattern || !answer.n_units) {
    notify("pattern", "There is no pattern to save: brush a window that selects units first.");
    return;
  }
  clearNotice("pattern");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([answer.pattern], { type: "application/json" }));
  link.download = "pattern.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function choose() {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,application/json";
  input.addEventListener("change", () => input.files[0] && open(input.files[0]));
  input.click();
}

/** @param {File} file */
async function open(file) {
  const held = file.size > MOST ? null : readPattern(await file.text());
  if (!held) {
    const problem = file.size > MOST ? "is larger than a pattern can be" : "is no pattern";
    notify("pattern", `The file ${file.name} ${problem}: open one that lstmviz saved.`);
    return;
  }
  clearNotice("pattern");
  openPattern(held);
}
