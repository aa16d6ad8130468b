/* The button that puts the map in the place of the lines. */

import { button } from "../dom/element.mjs";
import { onFrame, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { changeState, state } from "../store/state.mjs";

let /** @type {HTMLButtonElement} */ mapButton;

export const isMapOpen = () => state.view === "map";

export function makeMapButton() {
  mapButton = button(
    "lv-menu-button lv-map-button",
    "map",
    "The states of the whole recording as points on a map, in the place of the lines",
    toggle,
  );
  document.getElementById(ids.mapButton).append(mapButton);
  onFrame(["selection", "base", "map"], draw);
}

function toggle() {
  changeState({ view: isMapOpen() ? "lines" : "map" }, "settle");
  redrawAll();
}

function draw() {
  mapButton.setAttribute("aria-pressed", String(isMapOpen()));
  mapButton.classList.toggle("lv-menu-on", isMapOpen());
}
