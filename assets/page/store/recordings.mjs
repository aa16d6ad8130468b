/* The recordings that are served, and those that were opened. */

import { readJson } from "../dom/ids.mjs";
import { fetchDump } from "./data.mjs";
import { seriesOf } from "./offers.mjs";

/** @type {DumpCard[]} */
export const dumps = []; // [{uuid, name, detail}]
/** @type {string[]} */
export const strays = []; // lines about files beside them that are not shown
/** @type {Map<string, Promise<Dump>>} */
const opened = new Map(); // uuid -> promise of Dump

/** @type {string[]} */
export const servedUuids = readJson("lv-served") || []; // as the page came

/** @param {string} uuid */
export function dumpOf(uuid) {
  if (!opened.has(uuid)) {
    const promise = fetchDump(uuid);
    promise.catch(() => opened.delete(uuid));
    opened.set(uuid, promise);
  }
  return opened.get(uuid);
}

/**
 * A recording as it is shown. A moment of a training is drawn on the axis of the last one, where that goes further: so one
 * sees its units grow.
 * @param {string} uuid
 */
export async function dumpOnAxis(uuid) {
  const last = seriesOf(uuid)?.dumps.at(-1) ?? uuid;
  const [dump, sources] = await Promise.all([dumpOf(uuid), last === uuid ? [] : sourcesOf(last)]);
  for (const wider of sources) {
    const source = dump.about.sources.find((one) => one.name === wider.name);
    if (!source) continue;
    source.low = Math.min(source.low, wider.low);
    source.high = Math.max(source.high, wider.high);
  }
  return dump;
}

/**
 * The sources of a recording; none where it cannot be read.
 * @param {string} uuid
 * @returns {Promise<Source[]>}
 */
async function sourcesOf(uuid) {
  try {
    return (await dumpOf(uuid)).about.sources;
  } catch {
    return [];
  }
}
