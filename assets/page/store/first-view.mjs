/* What of a recording is shown at first: where it begins, how much of it, and at which threshold. */

import { fitToDump, hasQuestion, parseAddress } from "../lib/url.mjs";
import { BASE_STATE } from "../lib/url-fields.mjs";
import { dumpOf, servedUuids } from "./recordings.mjs";

const SPAN = { words: 46, characters: 60, numbers: 120, room: 720 }; // steps in view as a dump is first shown; fewer in less room (px)

/**
 * Where a dump is first shown: its start, its top layer's cell state if it has one. Where nothing is asked and no source
 * named, at the threshold at which brushes work there; a link that names no threshold was made at the usual one.
 * @param {About} about
 * @param {Changes} values
 */
export function firstView(about, values) {
  const { source: wanted } = values;
  const names = about.sources.map((source) => source.name);
  const source =
    about.sources.find((s) => s.name === wanted) ||
    about.sources[names.findLastIndex((n) => n.endsWith(".c"))] ||
    about.sources.at(-1);
  const axis = about.axes[source.axis];
  const most = !axis.has_tokens ? SPAN.numbers : axis.join === "" ? SPAN.characters : SPAN.words;
  const span = Math.min(Math.round(most * Math.min(1, window.innerWidth / SPAN.room)), axis.n_steps);
  const isNew = !wanted && !hasQuestion(Object.assign({}, BASE_STATE, values));
  const { threshold } = isNew ? source.opening : BASE_STATE;
  return Object.assign({}, BASE_STATE, { source: source.name, at: 0, span, threshold });
}

/* Begin to load what the address asks for, while the page's frame is being made. */
export async function loadEarly() {
  const { values } = parseAddress(window.location.search + window.location.hash);
  const uuid = values.dump || (servedUuids.length === 1 || Object.keys(values).length ? servedUuids[0] : null);
  if (!servedUuids.includes(uuid)) return;
  try {
    const dump = await dumpOf(uuid);
    const { at, span, source } = fitToDump(values, dump.about, firstView(dump.about, values)).state;
    dump.needAt(source, at - 1, at + span + 1);
  } catch {
    return; // a failure is reported once the recording is to be shown
  }
}
