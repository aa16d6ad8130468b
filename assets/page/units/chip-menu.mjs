/* The menu of a unit's chip: highlight its line, pin it, take it out, ablate it in the typed text. */

import { element } from "../dom/element.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { isSameUnit } from "../lib/pattern-edit.mjs";
import { togglePin } from "../store/edits.mjs";
import { isAblated, toggleAblated, whyNotAblated } from "../store/held-units.mjs";
import { unitName } from "../store/naming.mjs";
import { holdFromAnySource } from "../store/open.mjs";
import { state } from "../store/state.mjs";

let /** @type {HTMLElement} */ panel;

export function makeChipMenu() {
  panel = element("div", "lv-chip-menu", "", { role: "menu", popover: "auto", "data-testid": "chip-menu" });
  panel.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const items = [...panel.querySelectorAll("button:not(:disabled)")];
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    actOnKey("menu", event, {
      down: () => items[(at + 1) % items.length].focus(),
      up: () => items.at(at - 1).focus(),
      close: () => panel.hidePopover(),
    });
  });
  document.body.append(panel);
}

/**
 * Open it under a chip; `takeOut` takes the unit out. The keyboard goes back to the chip.
 * @param {UnitName} unit
 * @param {HTMLElement} chip
 * @param {() => void} takeOut
 */
export function openChipMenu(unit, chip, takeOut) {
  const { held } = state;
  const isHeld = held !== null && held.unit === unit.unit && held.source === unit.source;
  const why = whyNotAblated(unit);
  panel.setAttribute("aria-label", unitName(unit));
  panel.replaceChildren(
    item("hold", isHeld ? "Stop highlighting its line" : "Highlight its line", () => holdFromAnySource(unit)),
    item("pin", state.pinned.some((one) => isSameUnit(one, unit)) ? "Unpin" : "Pin", () => togglePin(unit)),
    item("out", "Take out", takeOut),
    item("ablate", isAblated(unit) ? "Release in Your text" : "Ablate in Your text", () => toggleAblated(unit), why),
  );
  panel.showPopover();
  const box = chip.getBoundingClientRect();
  panel.style.left = `${Math.min(box.left, window.innerWidth - panel.offsetWidth - 8)}px`;
  panel.style.top = `${box.bottom + 3}px`;
  panel.querySelector("button").focus();
}

/**
 * @param {string} name
 * @param {string} words
 * @param {() => unknown} act
 * @param {string | null} [why]
 */
function item(name, words, act, why = null) {
  const made = element("button", "lv-panel-item", words, { type: "button", role: "menuitem", "data-item": name });
  made.disabled = why !== null;
  if (why) made.title = why;
  made.addEventListener("click", () => {
    panel.hidePopover();
    act();
  });
  return made;
}
