/* The recorded value that a threshold stands for: from the grid that came with the dump, else from the server, once. */

import { clearNotice, notify } from "../dom/notice.mjs";
import { cutFor } from "../lib/select.mjs";
import { statesArrived } from "./data.mjs";
import { getJson } from "./request.mjs";

const known = new Map(); // "dump source threshold" -> cut, or null while the server is asked

/**
 * The cut of a threshold on a source, or null while it is not known. Infinite beyond a tanh.
 * @param {Dump} dump
 * @param {Source} source
 * @param {number} threshold
 */
export function cutOf(dump, source, threshold) {
  const cut = cutFor(source.view, threshold, dump.about.tanh_cuts);
  if (cut !== null) return cut;
  const key = `${dump.about.uuid} ${source.index} ${threshold}`;
  if (known.has(key)) return known.get(key);
  known.set(key, null);
  getJson(`d/${dump.about.uuid}/cut/${source.index}?t=${threshold}`).then(
    (answer) => {
      known.set(key, answer.cut === null ? Math.sign(threshold) * Infinity : answer.cut);
      clearNotice("cut");
      statesArrived();
    },
    (error) => {
      known.delete(key);
      notify("cut", `The recorded value of threshold ${threshold} could not be loaded: ${error.message}`);
    },
  );
  return null;
}
