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
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, String(value));
  return node;
}

/**
 * A line of text in which `these words` stand as they are typed.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {string} text
 * @param {Record<string, string | number | boolean>} [attributes]
 */
export function codedText(tag, className, text, attributes) {
  const line = element(tag, className, "", attributes);
  text.split("`").forEach((part, k) => {
    if (part) line.append(k % 2 ? element("code", "lv-coded", part) : part);
  });
  return line;
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
  const node = element("button", className, text, { type: "button", title });
  if (text.length === 1) node.setAttribute("aria-label", title); // a sign alone means nothing to a screen reader
  node.addEventListener("click", act);
  return node;
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
  const node = element("select", "lv-choice", "", { "aria-label": label, title: label });
  for (const [key, words] of options) {
    const option = element("option", "", words, { value: key });
    option.selected = key === value;
    node.append(option);
  }
  node.addEventListener("change", () => act(node.value));
  return node;
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
