/* In a notebook: the kernel that serves the page is told what is selected here, once a gesture rests. */

import { askedFields } from "../lib/url.mjs";
import { postJson } from "./request.mjs";
import { state, stateChanged } from "./state.mjs";

const REST = 150; // ms
let /** @type {string} */ told = null;
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;

export function tellPresent() {
  stateChanged.on((how) => {
    if (how === "live") return;
    clearTimeout(timer);
    timer = setTimeout(tell, REST);
  });
}

async function tell() {
  const now = { ...askedFields(state), dump: state.dump };
  const text = JSON.stringify(now);
  if (text === told || !state.dump) return;
  told = text;
  try {
    await postJson("present", now);
  } catch {
    told = null; // a lost server has its own notice; told again with the next gesture
  }
}
