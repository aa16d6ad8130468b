/* A button of the class, with a name by which the focus returns to it when the part around it is made anew. */

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
