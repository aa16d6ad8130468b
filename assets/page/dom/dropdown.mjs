/* A menu that picks one of a list: its button says what it is for and what is picked. */

import { showToken } from "../lib/tokens.mjs";
import { button, element } from "./element.mjs";
import { makeMenu } from "./menu.mjs";

/**
 * `options()`: [[value, words], ...]; `value()`: the present one; `usual`: where it is nothing out of the ordinary;
 * `more(panel)` may add to the panel.
 * @param {HTMLElement} place
 * @param {Dropdown} given
 */
export function makeDropdown(place, { word, title, usual, options, value, words, pick, more }) {
  const menu = makeMenu(place, { words: "", title, fill });
  const chosen = element("strong");
  menu.button.classList.add("lv-menu-down", "lv-pick");
  menu.button.append(`${word} `, chosen);

  /** @param {HTMLElement} panel */
  function fill(panel) {
    const list = element("div", "lv-pick-list", "", { role: "radiogroup", "aria-label": title });
    for (const [key, name] of options()) {
      const words = showToken(name).text;
      const item = button("lv-panel-item", words, words, () => choose(key));
      item.setAttribute("role", "radio");
      item.setAttribute("aria-checked", String(key === value()));
      item.dataset.value = key;
      list.append(item);
    }
    list.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const items = /** @type {HTMLElement[]} */ ([...list.children]);
      const next = by && items[items.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by];
      if (by) event.preventDefault();
      if (next) next.focus();
    });
    panel.append(list);
    if (more) more(panel, choose);
  }

  /** @param {string} key */
  function choose(key) {
    menu.close();
    pick(key);
    draw();
  }

  function draw() {
    const now = value();
    const name = words ? words(now) : (options().find(([key]) => key === now) || ["", now])[1];
    const shown = showToken(name).text;
    if (chosen.textContent !== shown) chosen.textContent = shown;
    menu.button.classList.toggle("lv-menu-on", now !== usual);
  }

  return { draw, menu };
}
