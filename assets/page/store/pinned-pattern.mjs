/* The pattern that is pinned as A, and what it makes of the list of matches. */

import { withNotes } from "../lib/pattern-edit.mjs";
import { changeByHand, presentByHand } from "./edits.mjs";
import { changeState, state } from "./state.mjs";

export const pinned = () => state.versus;

/* Does the table list A? Only where A is of the recording that is shown. */
export const isListed = (present = state) =>
  Boolean(present.versus) && present.lists === "A" && present.versus.dump === present.dump;

/**
 * The question for the matches that are listed: the page's own, or that of A.
 * @template {State} T
 * @param {T} question
 */
export function listedQuestion(question) {
  return isListed(question)
    ? Object.assign({}, question, { pattern: question.versus.pattern, start: null, stop: null })
    : question;
}

/* The rows that are hidden and marked in what is listed. */
export function listedByHand() {
  if (!isListed()) return presentByHand();
  const { notes } = pinnedFile();
  return notes && notes.dump === state.dump
    ? { hidden: notes.hidden, marked: notes.marked }
    : { hidden: [], marked: [] };
}

/** @param {Changes} rows */
export function noteListed(rows) {
  if (!isListed()) return changeByHand(rows);
  const text = JSON.stringify(withNotes(pinnedFile(), rows, state.dump));
  changeState({ versus: Object.assign({}, pinned(), { pattern: text }) }, "settle");
}

/** @type {{ text: string | null, file: PatternFile | null }} */
let read = { text: null, file: null }; // A's pattern, read once

/* A's pattern as an object. */
export function pinnedFile() {
  const text = pinned().pattern;
  if (read.text !== text) read = { text, file: JSON.parse(text) };
  return read.file;
}
