/* A button of the class: by its name the focus is found again when what is about it is made anew. */

import { button } from "../dom/element.mjs";

/**
 * @param {string} name
 * @param {string} label
 * @param {string} title
 * @param {() => unknown} pressed
 * @param {string} [className]
 */
export function act(name, label, title, pressed, className = "lv-button") {
  const made = button(className, label, title, pressed);
  made.dataset.class = name;
  return made;
}
