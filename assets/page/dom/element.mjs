/* The elements that the page is made of; text goes to textContent only. */

import { actOnKey } from "../lib/keys.mjs";

/**
 * An element: tag, class, text, and attributes.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 * @param {Record<string, string | number | boolean>} [attributes]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, className, text, attributes) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, String(value));
  return made;
}

/**
 * The element that an event is of.
 * @param {Event} event
 */
export function targetOf(event) {
  return /** @type {HTMLElement} */ (event.target);
}

/**
 * The element inside a place that has the keyboard, or null.
 * @param {Element} place
 */
export function focusedIn(place) {
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  return focused && place.contains(focused) ? focused : null;
}

/**
 * A button of a panel or a row.
 * @param {string} className
 * @param {string} text
 * @param {string} title
 * @param {(event: MouseEvent) => unknown} act
 */
export function button(className, text, title, act) {
  const made = element("button", className, text, { type: "button", title });
  if (text.length === 1) made.setAttribute("aria-label", title); // a sign says nothing when it is read out
  made.addEventListener("click", act);
  return made;
}

/**
 * A box to tick with words beside it.
 * @param {string} words
 * @param {boolean} isOn
 * @param {(isOn: boolean) => unknown} act
 */
export function tickBox(words, isOn, act) {
  const label = element("label", "lv-tick");
  const box = element("input", "", "", { type: "checkbox" });
  box.checked = isOn;
  box.addEventListener("change", () => act(box.checked));
  label.append(box, element("span", "", words));
  return label;
}

/**
 * One of a few: a list to choose from. `options`: [[value, words], ...].
 * @param {string} label
 * @param {string[][]} options
 * @param {string} value
 * @param {(value: string) => unknown} act
 */
export function choiceList(label, options, value, act) {
  const made = element("select", "lv-choice", "", { "aria-label": label, title: label });
  for (const [key, words] of options) {
    const option = element("option", "", words, { value: key });
    option.selected = key === value;
    made.append(option);
  }
  made.addEventListener("change", () => act(made.value));
  return made;
}

/**
 * Keys of a control that are its own, by their names in lib/keys.mjs, so that the page does not move as well.
 * @param {HTMLElement} element
 * @param {string} place
 * @param {Record<string, () => unknown>} acts
 */
export function ownKeys(element, place, acts) {
  element.addEventListener("keydown", (event) => {
    if (actOnKey(place, event, acts)) event.stopPropagation();
  });
}
