/* Under what the matches carry: the units that detect a label best, each a press to highlight it, and a pattern of the fewest. */

import { button, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { thresholdText } from "../lib/scale.mjs";
import { decimal } from "../lib/shares.mjs";
import { plural } from "../lib/words.mjs";
import { closeFinding, findRegionUnits, findUnits, makeItPattern, presentFinding } from "../store/finding.mjs";
import { shortSource } from "../store/naming.mjs";
import { holdFromAnySource } from "../store/open.mjs";
import { state } from "../store/state.mjs";
import { failed } from "./card.mjs";

const COLUMNS = [
  ["Unit", "Press a unit to highlight it"],
  ["On", "The side and the threshold that detect best, chosen on half of the sequences"],
  ["F1", "Of the steps of the other half: 1 where the unit is on exactly at the label"],
  [
    "AUC",
    "The probability that a step with the label lies further to the unit's side than one without, over all sequences",
  ],
];
const PANEL = "lv-finding";
let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ status; // stays, so that screen readers hear of it
let /** @type {HTMLElement} */ body;
let /** @type {() => void} */ leave;
let drawnKey = "";

export const findingId = PANEL;

/**
 * The panel's place at the end of a card; `left()` is called when it is closed by hand.
 * @param {Card} card
 * @param {() => void} left
 */
export function makeFinding(card, left) {
  place = element("section", `lv-card-body ${PANEL}`, "", { id: PANEL, "aria-label": "Units that detect a label" });
  place.hidden = true;
  status = element("p", "lv-card-note", "", { role: "status" });
  body = element("div");
  leave = left;
  card.place.append(place);
  for (const name of ["finding", "selection"]) onFrame(name, draw);
}

function draw() {
  const one = presentFinding();
  const held = state.held && unitKey(state.held);
  const now = JSON.stringify([one, held, state.source]);
  if (now === drawnKey) return;
  drawnKey = now;
  const isNew = one !== null && place.hidden;
  place.hidden = one === null;
  if (one === null) return place.replaceChildren();
  status.textContent = statusWords(one);
  const focused = place.contains(document.activeElement) && document.activeElement.getAttribute("data-act");
  body.replaceChildren(...shown(one, held));
  if (!status.isConnected) place.replaceChildren(head(one), status, body);
  else place.replaceChild(head(one), place.firstChild);
  if (focused)
    [...place.querySelectorAll("[data-act]")].find((made) => made.getAttribute("data-act") === focused)?.focus();
  if (isNew || one.ranking) place.scrollIntoView({ block: "nearest" });
}

/** @param {number | null} value */
const threeDigits = (value) => (value === null ? "–" : value.toFixed(3));
/** @param {HeldUnit} unit */
const unitKey = ({ source, unit }) => `${source}/${unit}`;

/** @param {Finding} one */
function head({ name }) {
  const line = element("div", "lv-finding-head");
  const close = button("lv-card-close", "×", "Close the list of units", () => {
    closeFinding();
    leave();
  });
  close.dataset.act = "close";
  line.append(element("h3", "lv-card-head3", `Units for ${name}`), close);
  return line;
}

/** @param {Finding} one */
function statusWords({ doing, ranking, detected, problem }) {
  if (doing) return doing;
  if (problem || !ranking) return "";
  if (detected)
    return `${plural(detected.n_units, "unit")} made the pattern: F1 ${threeDigits(detected.f1)} on the other half of the sequences; always yes ${threeDigits(detected.f1_always)}.`;
  const where = ranking.is_part ? ` of ${ranking.sources.map(shortSource).join(", ")} alone` : "";
  return `The best ${ranking.rows.length} of ${plural(ranking.n_units, "unit")}${where}. F1 of always yes: ${threeDigits(ranking.f1_always)}.`;
}

/**
 * @param {Finding} one
 * @param {string | null} held
 */
function shown(one, held) {
  const { ranking, problem, hypothesis, region, name } = one;
  const /** @type {HTMLElement[]} */ parts = ranking ? [table(ranking.rows, held)] : [];
  if (problem)
    parts.push(failed("No answer", problem, () => (region ? findRegionUnits() : findUnits(hypothesis, name))));
  if (!ranking || region) return parts;
  const make = button(
    "lv-button lv-finding-make",
    "Make it the pattern",
    "The fewest units that detect it together take the place of the brush",
    makeItPattern,
  );
  make.dataset.act = "make";
  return [...parts, make];
}

/**
 * @param {RankedUnit[]} rows
 * @param {string | null} held
 */
function table(rows, held) {
  const made = element("table", "lv-finding-units");
  const top = element("tr");
  top.append(...COLUMNS.map(([name, title]) => element("th", "", name, { scope: "col", title })));
  const [thead, tbody] = [element("thead"), element("tbody")];
  thead.append(top);
  tbody.append(...rows.map((row) => unitRow(row, unitKey(row) === held)));
  made.append(thead, tbody);
  return made;
}

/**
 * @param {RankedUnit} row
 * @param {boolean} isHeld
 */
function unitRow(row, isHeld) {
  const line = element("tr", isHeld ? "lv-finding-held" : "");
  const name = `${shortSource(row.source)} ${row.unit}`;
  const hold = row.source === state.source ? "Hold" : `Plot ${row.source} and highlight`;
  const press = button("lv-link", name, `${hold} unit ${row.unit}`, () => holdFromAnySource(row));
  press.setAttribute("aria-pressed", String(isHeld));
  press.dataset.act = unitKey(row);
  const first = element("td");
  first.append(press);
  const on = `${row.side === "low" ? "≤" : "≥"} ${thresholdText(row.threshold)}`;
  const sure =
    row.auc_low === null
      ? "too few sequences for an interval"
      : `95 % interval ${decimal(row.auc_low)} to ${decimal(row.auc_high)}`;
  line.append(
    first,
    element("td", "", on),
    element("td", "", threeDigits(row.f1)),
    element("td", "", threeDigits(row.auc), { title: sure }),
  );
  return line;
}
