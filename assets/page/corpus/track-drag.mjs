/* Tracks put in order by hand: a grip in front of each, that is dragged to its place in the list. */

import { element } from "../dom/element.mjs";

/**
 * The grip of a list's `row`; `words` name it, `drop(names)` gets the new order of the rows that have one.
 * @param {HTMLElement} row
 * @param {string} words
 * @param {(names: string[]) => void} drop
 */
export function trackGrip(row, words, drop) {
  const made = element("span", "lv-grip", "⠿", {
    title: `Drag ${words} to its place; the arrows move it too`,
    "aria-hidden": "true",
  });
  const end = () => {
    if (!row.classList.contains("lv-dragged")) return;
    row.classList.remove("lv-dragged");
    drop(
      /** @type {HTMLElement[]} */ ([...row.parentElement.children]).filter(isShown).map((one) => one.dataset.track),
    );
  };
  made.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // no text is selected on the way
    made.setPointerCapture(event.pointerId);
    row.classList.add("lv-dragged");
  });
  made.addEventListener("pointermove", (event) => row.classList.contains("lv-dragged") && follow(row, event.clientY));
  for (const type of ["pointerup", "pointercancel"]) made.addEventListener(type, end);
  return made;
}

/** @param {any} row */
const isShown = (row) => row !== null && row.querySelector(".lv-grip") !== null;

/**
 * The rows that the pointer has passed change sides; the dragged one stays where it is, or it would lose the pointer.
 * @param {HTMLElement} row
 * @param {number} y
 */
function follow(row, y) {
  /** @param {any} one */
  const middle = (one) => one.getBoundingClientRect().top + one.offsetHeight / 2;
  for (let other = row.previousElementSibling; isShown(other) && y < middle(other); other = row.previousElementSibling)
    row.after(other);
  for (let other = row.nextElementSibling; isShown(other) && y > middle(other); other = row.nextElementSibling)
    row.before(other);
}
