/* The moments of one training: one recording each, in order. Another one shows the same steps and the same brush. */

import { button, element } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { model } from "../store/model.mjs";
import { seriesOf } from "../store/offers.mjs";
import { dumpShown, showDump } from "../store/open.mjs";
import { servedChanged } from "../store/served.mjs";
import { state } from "../store/state.mjs";

let drawnKey = "";

const place = () => document.getElementById(ids.series);

export function makeSeries() {
  dumpShown.on(show);
  servedChanged.on(show);
}

/* Show the checkpoints that the present recording belongs to, or nothing. */
function show() {
  if (!model.dump) return;
  const { uuid } = model.dump.about;
  const series = seriesOf(uuid);
  const now = JSON.stringify(series && [series.dumps, uuid]);
  if (now === drawnKey) return;
  drawnKey = now;
  const hadFocus = place().contains(document.activeElement);
  place().replaceChildren();
  if (!series) return;
  const at = series.dumps.indexOf(uuid);
  const moments = element("div", "lv-series-moments");
  moments.append(...series.dumps.map((_, k) => moment(series, k, k === at)));
  place().append(
    element("span", "lv-gutter-label", "training"),
    step(-1, "‹", "The checkpoint before ([)", at > 0),
    moments,
    step(1, "›", "The next checkpoint (])", at < series.dumps.length - 1),
  );
  if (hadFocus) /** @type {HTMLElement} */ (moments.children[at]).focus({ preventScroll: true });
}

/**
 * @param {Offer} series
 * @param {number} k
 * @param {boolean} isPresent
 */
function moment(series, k, isPresent) {
  const control = button(
    "lv-series-moment",
    series.members[k],
    `${series.name}: ${series.members[k]}, at the same steps`,
    () => open(series.dumps[k]),
  );
  control.setAttribute("aria-pressed", String(isPresent));
  return control;
}

/**
 * @param {number} by
 * @param {string} sign
 * @param {string} title
 * @param {boolean} isEnabled
 */
function step(by, sign, title, isEnabled) {
  const control = button("lv-series-step", sign, title, () => stepSeries(by));
  control.disabled = !isEnabled;
  return control;
}

/**
 * The checkpoint before or after the present one; false where there is none.
 * @param {number} by
 */
export function stepSeries(by) {
  const series = model.dump && seriesOf(model.dump.about.uuid);
  const next = series?.dumps[series.dumps.indexOf(model.dump.about.uuid) + by];
  if (next) open(next);
  return Boolean(next);
}

/** @param {string} uuid */
function open(uuid) {
  if (uuid === state.dump) return;
  showDump(uuid, Object.assign({}, state, { dump: uuid }), "push", []);
}
