/* The recordings that are served, and those that were opened. */

import { fetchDump } from "./data.mjs";

export const dumps = []; // [{uuid, name, detail}]
const opened = new Map(); // uuid -> promise of Dump

export function dumpOf(uuid) {
  if (!opened.has(uuid)) {
    const promise = fetchDump(uuid);
    promise.catch(() => opened.delete(uuid));
    opened.set(uuid, promise);
  }
  return opened.get(uuid);
}
