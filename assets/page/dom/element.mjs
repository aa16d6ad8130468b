/* The elements that the page is made of; text goes to textContent only. */

import { actOnKey } from "../lib/keys.mjs";

/* An element: tag, class, text, and attributes. */
export function element(tag, className, text, attributes) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  return made;
}

/* A button of a panel or a row. */
export function button(className, text, title, act) {
  const made = element("button", className, text, { type: "button", title });
  if (text.length === 1) made.setAttribute("aria-label", title); // a sign says nothing when it is read out
  made.addEventListener("click", act);
  return made;
}

/* A box to tick with words beside it. */
export function tickBox(words, isOn, act) {
  const label = element("label", "lv-tick");
  const box = element("input", "", "", { type: "checkbox" });
  box.checked = isOn;
  box.addEventListener("change", () => act(box.checked));
  label.append(box, element("span", "", words));
  return label;
}

/* One of a few: a list to choose from. `options`: [[value, words], ...]. */
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

/* Keys of a control that are its own, by their names in lib/keys.mjs, so that the page does not move as well. */
export function ownKeys(element, place, acts) {
  element.addEventListener("keydown", (event) => {
    if (actOnKey(place, event, acts)) event.stopPropagation();
  });
}
