/* A chip for each unit of the pattern: point to see its line, press to highlight it, × or Delete to take it out, P to pin it; the
   rest is in its menu. */

import { element, targetOf } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { themeColours, typePx } from "../dom/theme.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { isSameUnit } from "../lib/pattern-edit.mjs";
import { grouped, thresholdText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { excludeUnit, includeUnit, togglePin, unitWithThreshold } from "../store/edits.mjs";
import { isAblated, toggleAblated, whyNotAblated } from "../store/held-units.mjs";
import { model } from "../store/model.mjs";
import { unitName } from "../store/naming.mjs";
import { holdFromAnySource } from "../store/open.mjs";
import { hover, setHover, state } from "../store/state.mjs";
import { makeChipMenu, openChipMenu } from "./chip-menu.mjs";

const MOST = 2000; // chips ever made
const AROUND = { chip: 52, pin: 14, out: 27, gap: 4 }; // px of a chip beside its words, and between chips
const BUTTON = 24; // px of a button after the chips beside its words, with its gap
let /** @type {HTMLElement} */ list;
let /** @type {HTMLElement} */ place;
let /** @type {CanvasRenderingContext2D} */ pen;
let isOpen = false;
let isOutOpen = false;
let /** @type {string} */ drawnKey = null; // what the chips show now

export function makeChips() {
  place = document.getElementById(ids.units);
  list = document.getElementById(ids.chips);
  list.addEventListener("pointerover", (event) => hoverChip(targetOf(event)));
  list.addEventListener("pointerleave", () => setHover({ unit: null }));
  list.addEventListener("focusin", (event) => hoverChip(targetOf(event)));
  list.addEventListener("focusout", () => setHover({ unit: null }));
  list.addEventListener("click", press);
  list.addEventListener("keydown", key);
  list.addEventListener("contextmenu", (event) => {
    const unit = unitOf(targetOf(event));
    if (!unit || targetOf(event).closest(".lv-out")) return;
    event.preventDefault();
    openMenu(unit, targetOf(event).closest(".lv-chip"));
  });
  makeChipMenu();
}

/**
 * The unit of a chip: {source, unit, side}, or null.
 * @param {Element} element
 */
function unitOf(element) {
  const chip = element?.closest?.("[data-unit]");
  return chip
    ? { source: chip.dataset.source, unit: Number(chip.dataset.unit), side: /** @type {Side} */ (chip.dataset.side) }
    : null;
}

/** @param {Element} element */
function hoverChip(element) {
  setHover(unitOf(element) || { unit: null });
}

/** @param {MouseEvent} event */
function press(event) {
  const act = targetOf(event).closest("[data-act]");
  const unit = unitOf(targetOf(event));
  if (!act) return;
  if (act.dataset.act === "all") isOpen = !isOpen;
  else if (act.dataset.act === "outs") isOutOpen = !isOutOpen;
  else if (act.dataset.act === "menu") openMenu(unit, act.closest(".lv-chip"));
  else if (unit) /** @type {Record<string, (unit: UnitName) => unknown>} */ (ACTS)[act.dataset.act](unit);
  redraw("units");
}

const ACTS = {
  hold: holdFromAnySource,
  /** @param {UnitName} unit */
  out: (unit) => excludeUnit(unit),
  /** @param {UnitName} unit */
  back: (unit) => includeUnit(unit),
  /** @param {UnitName} unit */
  pin: (unit) => togglePin(unit),
};

/** @param {KeyboardEvent} event */
function key(event) {
  const unit = unitOf(targetOf(event));
  const chip = targetOf(event).closest(".lv-chip");
  if (!unit || chip.matches(".lv-out")) return;
  actOnKey("chip", event, {
    out: () => takeOut(unit, chip),
    menu: () => openMenu(unit, chip),
    ablate: () => whyNotAblated(unit) === null && toggleAblated(unit),
  });
}

/**
 * @param {UnitName} unit
 * @param {HTMLElement} chip
 */
function openMenu(unit, chip) {
  openChipMenu(unit, chip, () => takeOut(unit, chip));
}

/**
 * Take a chip's unit out; the keyboard goes on from the chip that takes its place.
 * @param {UnitName} unit
 * @param {HTMLElement} chip
 */
function takeOut(unit, chip) {
  const chips = [...list.querySelectorAll(".lv-chip")];
  const at = chips.indexOf(chip);
  ACTS.out(unit);
  drawChips();
  const next = list.querySelectorAll(".lv-chip .lv-chip-name")[Math.max(0, Math.min(at, chips.length - 2))];
  if (next) next.focus();
}

/* P: pin or unpin the unit that is pointed at or highlighted. */
export function pinByKey() {
  const { held } = state;
  const /** @type {HeldUnit & { side?: Side }} */ unit =
      unitOf(document.activeElement) ||
      (hover.unit !== null ? { source: hover.source || state.source, unit: hover.unit, side: hover.side } : held);
  if (!unit) return;
  const known = (model.chosen || []).find(
    (one) => one.source === unit.source && one.unit === unit.unit && (!unit.side || one.side === unit.side),
  );
  togglePin(known || unitWithThreshold(unit.source, unit.unit, unit.side || (state.side === "low" ? "low" : "high")));
}

export function drawChips() {
  if (model.chosen === null) return mark(); // while states load, the chips of before stay
  const units = model.chosen;
  const outs = state.excluded;
  const shown = isOpen ? units.slice(0, MOST) : units.slice(0, fits(units));
  const now = JSON.stringify([
    state.source,
    shown.map((one) => [one.source, one.unit, one.side, one.isPinned, one.threshold]),
    units.length,
    outs,
    state.ablated,
    isOpen,
    isOutOpen,
  ]);
  if (now !== drawnKey) {
    drawnKey = now;
    place.classList.toggle("lv-open", isOpen || (isOutOpen && outs.length > 0));
    const focused = unitOf(document.activeElement);
    const chips = shown.map(chip);
    if (shown.length < units.length || isOpen)
      chips.push(textButton("all", isOpen ? "fewer" : allWords(units), isOpen));
    if (outs.length) chips.push(textButton("outs", outsWords(), isOutOpen), ...(isOutOpen ? outs.map(outChip) : []));
    list.replaceChildren(...chips);
    refocus(focused);
  }
  mark();
}

/** @param {UnitName} unit */
function refocus(unit) {
  if (!unit) return;
  const again = [...list.querySelectorAll(".lv-chip")].find((one) => isSameUnit(unitOf(one), unit));
  if (again) again.querySelector(".lv-chip-name").focus();
}

/**
 * How many chips stand in one row beside what follows them.
 * @param {Unit[]} units
 */
function fits(units) {
  pen = pen || document.createElement("canvas").getContext("2d");
  pen.font = `600 ${typePx(12)} ${themeColours().sans}`;
  /** @param {string} words */
  const wide = (words) => pen.measureText(words).width;
  const outs = state.excluded.length ? wide(outsWords()) + BUTTON : 0;
  const all = wide(allWords(units)) + BUTTON;
  const room = (list.clientWidth || 900) - outs;
  let used = 0;
  for (let k = 0; k < units.length; k++) {
    used += wide(unitName(units[k])) + AROUND.chip + AROUND.gap + (units[k].isPinned ? AROUND.pin : 0);
    const isLast = k === units.length - 1;
    if (used > room - (isLast ? 0 : all)) return Math.max(1, k);
  }
  return units.length;
}

/** @param {Unit[]} units */
const allWords = (units) => `all ${grouped(units.length)}`;
const outsWords = () => `${state.excluded.length} taken out`;

/** @param {Unit} one */
function chip(one) {
  const { source, unit, side, threshold, isPinned } = one;
  const isCut = isAblated(one);
  const whole = element("span", `lv-chip lv-${side}${isPinned ? " lv-pinned" : ""}${isCut ? " lv-ablated" : ""}`);
  Object.assign(whole.dataset, { source, unit, side });
  const label = `unit ${unit} of ${showToken(source).text}, on ${side}${isPinned ? ", pinned" : ""}${isCut ? ", ablated in your text" : ""}`;
  const sign = side === "low" ? "≤" : "≥";
  const condition = `on where it is ${sign} ${thresholdText(threshold, 0.01)}`;
  const name = element("button", "lv-chip-name", unitName(one), {
    type: "button",
    title: `${label}: ${condition}. Press to highlight it, P to pin it, Delete to take it out, ↓ for more`,
    "aria-label": label,
    "data-act": "hold",
    "data-testid": "chip",
  });
  const out = element("button", "lv-chip-out", "×", {
    type: "button",
    title: `Take unit ${unit} out`,
    "aria-label": `Take ${label} out`,
    "data-act": "out",
    tabindex: "-1",
  });
  const pin = element("button", "lv-chip-pin", "", {
    type: "button",
    title: "Unpin (P)",
    "aria-label": `Unpin ${label}`,
    "data-act": "pin",
    tabindex: "-1",
  });
  const more = element("button", "lv-chip-more", "", {
    type: "button",
    title: `More for unit ${unit}: also ablate it in your text (A)`,
    "aria-label": `More for ${label}`,
    "aria-haspopup": "menu",
    "data-act": "menu",
    tabindex: "-1",
  });
  whole.append(...(isPinned ? [pin] : []), name, more, out);
  return whole;
}

/** @param {UnitName} one */
function outChip(one) {
  const whole = element("span", "lv-chip lv-out");
  Object.assign(whole.dataset, { source: one.source, unit: one.unit, side: one.side });
  const name = element("button", "lv-chip-name", unitName(one), {
    type: "button",
    title: `Bring unit ${one.unit} back`,
    "aria-label": `Bring unit ${one.unit} of ${showToken(one.source).text}, on ${one.side}, back`,
    "data-act": "back",
    "data-testid": "chip-out",
  });
  whole.append(name);
  return whole;
}

/**
 * @param {string} act
 * @param {string} text
 * @param {boolean} isExpanded
 */
function textButton(act, text, isExpanded) {
  return element("button", "lv-chip-all", text, {
    type: "button",
    "data-act": act,
    "aria-expanded": String(isExpanded),
  });
}

function mark() {
  const { held } = state;
  for (const one of list.querySelectorAll(".lv-chip")) {
    const unit = unitOf(one);
    const isAt = hover.unit === unit.unit && (hover.source || state.source) === unit.source;
    const isHeld = held !== null && held.unit === unit.unit && held.source === unit.source;
    one.classList.toggle("lv-hovered", isAt || (hover.unit === null && isHeld));
    one.classList.toggle("lv-held", isHeld);
    one.querySelector(".lv-chip-name").setAttribute("aria-pressed", String(isHeld));
  }
}
