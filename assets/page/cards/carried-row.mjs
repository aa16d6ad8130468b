/* A row of what the matches carry: a value's base rate over its share with its 95 % interval, a dot where that is more than
   chance, and a button that finds the units for it. */

import { element } from "../dom/element.mjs";
import { svgElement } from "../dom/svg.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { evidenceTip, intervalText, isBeyondChance } from "../lib/evidence.mjs";
import { grouped } from "../lib/scale.mjs";
import { decimal, percent } from "../lib/shares.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { findingId } from "./finding.mjs";

/**
 * A row and what its presses do: `toggle(isMore)` filters, `find()` looks for units.
 * @param {CarriedRow} given
 */
export function carriedRow(given) {
  const whole = element("div", "lv-carry-row");
  whole.append(bar(given), given.find ? finder(given) : element("span", "lv-carry-find"));
  return whole;
}

/** @param {CarriedRow} given */
function bar(given) {
  const { value, name, isAllowed, evidence, toggle } = given;
  const shown = showToken(value.value).text;
  const label = [
    `${name} ${shown}: share ${decimal(value.share)}, base rate ${decimal(value.base_rate)}`,
    ...evidenceTip(evidence),
  ].join(", ");
  const /** @type {HTMLElement} */ made = toggle
      ? element("button", "lv-carry", "", {
          type: "button",
          "aria-pressed": String(isAllowed === true),
          "aria-label": label,
        })
      : element("div", "lv-carry lv-carry-fixed", "", { role: "img", "aria-label": label });
  made.dataset.value = value.value;
  made.classList.toggle("lv-shut", isAllowed === false);
  const dot = element("span", "lv-carry-dot");
  dot.classList.toggle("lv-sure", isBeyondChance(evidence));
  made.append(
    element("bdi", "lv-carry-name", shown),
    bars(given),
    element("span", "lv-carry-number", decimal(value.share)),
    dot,
  );
  made.addEventListener("pointermove", (event) => showTip(event, tip(given)));
  made.addEventListener("pointerleave", () => hideTip());
  if (toggle)
    made.addEventListener("click", (event) => {
      hideTip();
      toggle(event.shiftKey);
    });
  return made;
}

/** @param {CarriedRow} given */
function bars({ value, evidence, end }) {
  const room = element("span", "lv-carry-room");
  const share = element("span", "lv-carry-shares");
  share.append(lengthBar("lv-carry-share", value.share / end));
  if (intervalText(evidence) !== null) {
    const { share_low: low, share_high: high } = evidence;
    const whisker = element("span", "lv-whisker");
    whisker.style.left = `${(low / end) * 100}%`;
    whisker.style.width = `${((high - low) / end) * 100}%`;
    share.append(whisker);
  }
  room.append(lengthBar("lv-carry-base", value.base_rate / end), share);
  return room;
}

/**
 * @param {string} className
 * @param {number} part of the room
 */
function lengthBar(className, part) {
  const made = element("span", className);
  made.style.width = part > 0 ? `max(1.5px, ${part * 100}%)` : "0";
  return made;
}

/** @param {CarriedRow} given */
function tip({ track, value, name, isAllowed, isRegion, evidence, toggle }) {
  const keep = `press to keep only ${isRegion ? "steps" : "matches"} with it`;
  const more = track.kind === "number" && isAllowed === false ? ", with Shift to keep it too" : "";
  return [
    `${name} ${showToken(value.value).text}`,
    `${percent(value.share)} of the ${isRegion ? "region" : "matches"}, ${percent(value.base_rate)} of the corpus`,
    `${grouped(value.n_steps)} of ${plural(track.n_steps, isRegion ? "step" : "matched step")}, ${grouped(value.n_corpus)} of ${grouped(track.n_corpus)} in the corpus`,
    ...evidenceTip(evidence),
    ...(toggle ? [isAllowed === true ? "press to remove the filter" : `${keep}${more}`] : []),
  ];
}

/** @param {CarriedRow} given */
function finder({ value, called, isFound, find }) {
  const words = `Find units for ${called}`;
  const made = element("button", "lv-carry-find", "", {
    type: "button",
    title: words,
    "aria-label": words,
    "aria-expanded": String(isFound),
    "aria-controls": findingId,
  });
  made.dataset.value = value.value;
  const sign = svgElement("svg", "", { viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" });
  sign.append(
    svgElement("circle", "", { cx: 6, cy: 6, r: 4 }),
    svgElement("line", "", { x1: 9, y1: 9, x2: 12.5, y2: 12.5 }),
  );
  made.append(sign);
  made.addEventListener("click", () => find());
  return made;
}
