/* The recordings that are served, and those that were opened. */

import { readJson } from "../dom/ids.mjs";
import { fetchDump } from "./data.mjs";

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
