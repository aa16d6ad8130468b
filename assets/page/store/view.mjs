/* Which steps are in view: move and zoom the view over the axis. */

import { clearNotice, notify } from "../dom/notice.mjs";
import { clamp, MAX_SPAN, MIN_SPAN, viewLimits } from "../lib/url.mjs";
import { viewLimit } from "../lib/words.mjs";
import { model } from "./model.mjs";
import { changeState, nudgeState, state } from "./state.mjs";

/**
 * Move the view; a whole number of steps, inside the axis.
 * @param {number} at
 * @param {How} [how]
 */
export function panTo(at, how) {
  const axis = model.axis;
  const inside = clamp(Math.round(at), 0, Math.max(0, axis.n_steps - state.span));
  if (how) changeState({ at: inside }, how);
  else nudgeState({ at: inside });
}

/**
 * Show `factor` times the present number of steps, keeping the step at `share` of the width where it is.
 * @param {number} factor
 * @param {number} share
 */
export function zoomBy(factor, share) {
  const axis = model.axis;
  const most = viewLimits(model.source).span;
  let span = Math.round(state.span * factor);
  if (span === state.span) span += factor > 1 ? 1 : -1;
  if (span > most && most < Math.min(MAX_SPAN, axis.n_steps)) notify("limit", viewLimit(most, model.source.n_units));
  else clearNotice("limit");
  span = clamp(span, Math.min(MIN_SPAN, axis.n_steps, most), Math.min(most, axis.n_steps));
  const anchor = state.at + state.span * share;
  const at = clamp(Math.round(anchor - span * share), 0, Math.max(0, axis.n_steps - span));
  nudgeState({ at, span });
}

/**
 * @param {number} steps
 * @param {boolean} isPage
 */
export const panBy = (steps, isPage) => panTo(state.at + steps * (isPage ? pageSteps() : 1));
const pageSteps = () => Math.max(1, Math.floor(state.span * 0.9));
