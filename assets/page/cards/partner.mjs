/* The unit's partner in the second source: the unit there that correlates with it most over the whole text. */

import { button, element } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { changingAnswer } from "../lib/questions.mjs";
import { signed } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { model } from "../store/model.mjs";
import { swapBeside } from "../store/open.mjs";
import { dumps } from "../store/recordings.mjs";
import { getJson } from "../store/request.mjs";
import { state } from "../store/state.mjs";

const partners = changingAnswer({ get: getJson, changed: () => redraw("card"), pause: 400 });

/**
 * Ask for the partner of the unit that is held; without a second source, ask nothing.
 * @param {Unit | null} unit
 */
export function askPartner(unit) {
  partners.want(...(unit ? partnerPaths(unit) : []));
}

/* Changes when the line does. */
export const partnerKey = () => [partners.value(), partners.problem()];

/**
 * The question for its partner in the second source; none without one.
 * @param {Unit} unit
 */
function partnerPaths({ source, unit }) {
  const { dump, beside } = state;
  if (!beside || (beside.dump === dump && beside.source === source)) return [];
  const other = `beside=${encodeURIComponent(beside.dump)}&source=${encodeURIComponent(beside.source)}`;
  return [`d/${dump}/partner/${model.sourceOf(source).index}/${unit}?${other}`];
}

/* What is known of the partner, in a line with a press that leads to it; nothing without a second source. */
export function partnerLine() {
  const [one] = partners.value() || [];
  const { beside } = state;
  if (!beside || (!one && !partners.problem())) return [];
  const line = element("p", "lv-card-words", "", { "data-testid": "partner" });
  const where = `${beside.dump === state.dump ? "" : `${otherName(beside.dump)} · `}${showToken(beside.source).text}`;
  if (!one || one.left_out || one.r === null) {
    line.textContent = `In ${where} its partner is not known: ${partners.problem() || one.left_out || "the unit never changes."}`;
    return [line];
  }
  const lead = button("lv-link", `unit ${one.partner}`, `Put ${where} on top, and hold unit ${one.partner}`, () =>
    swapBeside({ held: { source: beside.source, unit: one.partner } }),
  );
  const chance = one.r_chance === null ? "" : `; ${signed(one.r_chance, 2)} with sequences swapped`;
  const mutual = one.is_mutual ? "" : ", which has a better partner itself";
  line.append(`In ${where} it goes with `, lead, `${mutual} (r ${signed(one.r, 2)}${chance}).`);
  return [line];
}

/** @param {string} uuid */
function otherName(uuid) {
  const card = dumps.find((one) => one.uuid === uuid);
  return card ? showToken(card.name).text : "the other recording";
}
