/* Further sources of the brush: "+ source" lists those of the same axis, and each one added is a tag with its own side and
   threshold. */

import { button, choiceList, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { showToken } from "../lib/tokens.mjs";
import { MAX_THRESHOLD } from "../lib/url.mjs";
import { model } from "../store/model.mjs";
import { shortSource, sourceName } from "../store/naming.mjs";
import { openSource } from "../store/open.mjs";
import { changeState, state } from "../store/state.mjs";

const SIDES = [
  ["high", "high"],
  ["low", "low"],
  ["both", "both"],
];
let /** @type {HTMLElement} */ place = null;
let /** @type {Menu} */ menu = null;
let drawnKey = "";

export function makeSources() {
  place = document.getElementById(ids.parts);
  menu = makeMenu(document.getElementById(ids.unitTools), {
    words: "+ source",
    title: "Add another source's units to the pattern",
    fill,
  });
  onFrame("selection", draw);
}

/* Sources of the axis that are not in the brush yet. */
function free() {
  const { source, parts } = state;
  const taken = new Set([source, ...parts.map((part) => part.source)]);
  return model.dump.about.sources.filter((one) => one.axis === model.axis.index && !taken.has(one.name));
}

/** @param {HTMLElement} panel */
function fill(panel) {
  panel.append(
    element(
      "p",
      "lv-panel-note",
      free().length ? "The same window, more units:" : "Every source of this text is in the brush.",
    ),
  );
  for (const source of free())
    panel.append(
      button("lv-panel-item", sourceName(source), `Add ${showToken(source.name).text}`, () => add(source.name)),
    );
}

/** @param {string} source */
function add(source) {
  const { side, threshold, parts } = state;
  menu.close();
  changeState({ parts: [...parts, { source, side, threshold }] }, "settle");
}

/**
 * @param {string} source
 * @param {Partial<Part>} changes
 */
function change(source, changes) {
  const parts = state.parts.map((part) => (part.source === source ? Object.assign({}, part, changes) : part));
  changeState({ parts }, "settle");
}

/** @param {string} source */
function remove(source) {
  changeState({ parts: state.parts.filter((part) => part.source !== source) }, "settle");
}

function draw() {
  const { parts, pattern } = state;
  if (!model.source) return;
  menu.button.disabled = Boolean(pattern) || model.dump.about.sources.length < 2;
  const now = JSON.stringify(pattern ? [] : [parts, model.dump.about.uuid]);
  if (now === drawnKey) return;
  drawnKey = now;
  const tags = pattern ? [] : parts.map(tag);
  place.replaceChildren(...(tags.length ? [element("span", "lv-gutter-label", "and"), ...tags] : []));
}

/** @param {Part} part */
function tag(part) {
  const name = showToken(part.source).text;
  const whole = element("span", "lv-part");
  whole.dataset.source = part.source;
  const threshold = element("input", "lv-input lv-part-threshold", "", {
    type: "number",
    step: "0.01",
    "aria-label": `Threshold of ${name}`,
    title: `Threshold of ${name}`,
  });
  threshold.value = String(part.threshold);
  const take = () => {
    const value = threshold.value.trim() === "" ? NaN : Number(threshold.value);
    if (Number.isFinite(value) && Math.abs(value) <= MAX_THRESHOLD) change(part.source, { threshold: value });
    else threshold.value = String(part.threshold);
  };
  threshold.addEventListener("change", take);
  threshold.addEventListener("keydown", (event) => event.stopPropagation());
  whole.append(
    button("lv-part-name", shortSource(part.source), `Plot ${name}`, () => openSource(part.source)),
    choiceList(`Side of ${name}`, SIDES, part.side, (side) =>
      change(part.source, { side: /** @type {BrushSide} */ (side) }),
    ),
    threshold,
    button("lv-chip-out", "×", `Take ${name} out of the brush`, () => remove(part.source)),
  );
  return whole;
}
