/* Whose page this is in a class, and what it shows as the class is told it. */

import { isStartShown } from "../dom/stage.mjs";
import { formatAddress } from "../lib/url.mjs";
import { presentLesson, stepNumber } from "./lessons.mjs";
import { model } from "./model.mjs";
import { state } from "./state.mjs";

let /** @type {"teacher" | "student" | null} */ role = null;
let isByLink = false;

export const classRole = () => role;

/* Did the address name what to show when the page was opened? Later it always does. */
export const isOpenedByLink = () => isByLink;

/** @param {"teacher" | "student" | null} given */
export function takeRole(given) {
  role = given;
  isByLink = window.location.search.length > 1;
}

/* The address of what is shown; empty for the start page. */
export function shownAddress() {
  return isStartShown() || !model.source ? "" : formatAddress(state);
}

/** @returns {ClassStep | null} */
export function shownLesson() {
  const lesson = presentLesson();
  return lesson ? [lesson.name, stepNumber()] : null;
}
