/* A button that opens a small panel under it; Escape, a press elsewhere or another menu closes it. */

import { targetOf } from "./element.mjs";

let /** @type {Menu} */ present = null; // the menu that is open

/**
 * Make one in a place: `words` on the button, `title` for its tooltip, `fill(panel)` each time it opens.
 * @param {HTMLElement} place
 * @param {{ words: string, title: string, fill: (panel: HTMLElement) => void, onClose?: () => void }} given
 */
export function makeMenu(place, { words, title, fill, onClose }) {
  const whole = document.createElement("div");
  whole.className = "lv-menu";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lv-menu-button";
  button.textContent = words;
  button.title = title;
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-haspopup", "dialog");
  const panel = document.createElement("div");
  panel.className = "lv-panel";
  panel.hidden = true;
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", title);
  whole.append(button, panel);
  place.append(whole);
  const menu = {
    whole,
    button,
    panel,
    fill,
    onClose,
    open: () => open(menu),
    close: () => close(menu),
    isOpen: () => !panel.hidden,
  };
  button.addEventListener("click", () => (menu.isOpen() ? close(menu) : open(menu)));
  panel.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  return menu;
}

/** @param {Menu} menu */
function open(menu) {
  if (present && present !== menu) close(present);
  present = menu;
  menu.panel.replaceChildren();
  menu.fill(menu.panel);
  menu.panel.hidden = false;
  menu.button.setAttribute("aria-expanded", "true");
  menu.panel.classList.remove("lv-panel-left");
  menu.panel.classList.toggle("lv-panel-left", menu.panel.getBoundingClientRect().right > window.innerWidth - 12);
  fitHeight(menu);
  const first = menu.panel.querySelector("input, button, select");
  if (first) first.focus();
}

/**
 * Under its button, or over it where there is more room; whole, or it scrolls.
 * @param {Menu} menu
 */
function fitHeight({ panel, button }) {
  panel.style.maxHeight = "";
  const { top, bottom } = button.getBoundingClientRect();
  const [over, under] = [top, window.innerHeight - bottom].map((room) => room - 18);
  const isOver = panel.offsetHeight > under && over > under;
  panel.classList.toggle("lv-panel-up", isOver);
  panel.style.maxHeight = `${Math.max(120, isOver ? over : under)}px`;
}

/** @param {Menu} menu */
function close(menu) {
  if (menu.panel.hidden) return;
  const hadFocus = menu.panel.contains(document.activeElement);
  menu.panel.hidden = true;
  menu.button.setAttribute("aria-expanded", "false");
  if (present === menu) present = null;
  if (hadFocus) menu.button.focus();
  if (menu.onClose) menu.onClose();
}

/* Close the open menu on a press elsewhere and on Escape. */
export function watchMenus() {
  document.addEventListener("pointerdown", (event) => {
    // A press on the lines closes no menu: with "+ pin" open it pins a unit.
    if (present && !present.whole.contains(targetOf(event)) && !targetOf(event).closest(".lv-plot")) close(present);
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !present) return;
      event.stopPropagation();
      close(present);
    },
    true,
  );
}
