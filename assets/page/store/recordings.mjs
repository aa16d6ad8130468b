/* The recordings that are served, and those that were opened. */

import { fetchDump } from "./data.mjs";

/** @type {DumpCard[]} */
export const dumps = []; // [{uuid, name, detail}]
/** @type {Map<string, Promise<Dump>>} */
const opened = new Map(); // uuid -> promise of Dump

/** @param {string} uuid */
export function dumpOf(uuid) {
  if (!opened.has(uuid)) {
    const promise = fetchDump(uuid);
    promise.catch(() => opened.delete(uuid));
    opened.set(uuid, promise);
  }
  return opened.get(uuid);
}
