/* Which side of the page is seen: the start page, or the workbench with a recording. Before the first of them, neither. */

import { ids } from "./ids.mjs";

/** @param {string} name */
const place = (name) => document.getElementById(ids[name]);

export const isStartShown = () => place("start")?.hidden === false;
export const isWorkbenchShown = () => !place("workbench").hidden;

/** @param {"start" | "workbench"} side */
export function turnTo(side) {
  place("start").hidden = side !== "start";
  place("workbench").hidden = side !== "workbench";
  document.documentElement.classList.toggle("lv-at-start", side === "start");
}

/* Focus the first row of matches, or where there is none the line about them. */
export function goToMatches() {
  const first = document.querySelector(`#${ids.matchTable} [data-place] a, #${ids.matchTable} [data-group]`);
  if (first) return first.focus();
  const counts = document.getElementById(ids.counts);
  counts.setAttribute("tabindex", "-1");
  counts.focus();
  counts.scrollIntoView({ block: "center" });
}
