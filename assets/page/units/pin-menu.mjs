/* "+ pin": keep a unit in the pattern by its number, or by a press on its line while the panel is open. */

import { button, choiceList, element } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { pinPresses, pinUnit, unitWithThreshold } from "../store/edits.mjs";
import { model } from "../store/model.mjs";
import { shortSource } from "../store/naming.mjs";
import { state } from "../store/state.mjs";

let /** @type {Menu} */ menu = null;
let /** @type {Side} */ side = "high";

export function makePinMenu() {
  menu = makeMenu(document.getElementById(ids.unitTools), {
    words: "+ pin",
    title: "Keep a unit in the pattern, whatever the brush selects",
    fill,
    onClose() {
      pinPresses(false);
      redraw("overlay");
    },
  });
}

export function offerPin() {
  menu.button.disabled = !model.source;
}

/** @param {HTMLElement} panel */
function fill(panel) {
  pinPresses(true);
  const { source, side: now } = state;
  side = now === "low" ? "low" : "high";
  let from = source;
  const sources = model.dump.about.sources.filter((one) => one.axis === model.axis.index);
  const number = element("input", "lv-input", "", {
    type: "text",
    inputmode: "numeric",
    "aria-label": "Unit number",
    placeholder: "unit",
  });
  const note = element("p", "lv-panel-note", "or press its line in the plot");
  const add = () => {
    const nUnits = model.sourceOf(from).n_units;
    const unit = /^\d{1,9}$/.test(number.value.trim()) ? Number(number.value) : -1;
    if (unit < 0 || unit >= nUnits) {
      note.textContent = `${from} has units 0 to ${nUnits - 1}`;
      note.className = "lv-panel-note lv-warn";
      return;
    }
    pinUnit(unitWithThreshold(from, unit, side));
    number.value = "";
    note.textContent = `unit ${unit} is pinned`;
    note.className = "lv-panel-note";
  };
  number.addEventListener("keydown", (event) => event.key === "Enter" && add());
  const row = element("div", "lv-panel-row");
  row.append(number);
  if (sources.length > 1)
    row.append(
      choiceList(
        "Its source",
        sources.map((one) => [one.name, shortSource(one.name)]),
        source,
        (name) => (from = name),
      ),
    );
  const sides = [
    ["high", "on high"],
    ["low", "on low"],
  ];
  row.append(
    choiceList("Which side", sides, side, (value) => (side = /** @type {Side} */ (value))),
    button("lv-button", "Pin", "Pin this unit", add),
  );
  panel.append(row, note);
}
