/* In a notebook: sends what is selected here to the kernel that serves the page, once a gesture rests. */

import { askedFields } from "../lib/url.mjs";
import { postJson } from "./request.mjs";
import { state, stateChanged } from "./state.mjs";

const REST = 150; // ms
let /** @type {string} */ sent = null;
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
  if (text === sent || !state.dump) return;
  sent = text;
  try {
    await postJson("present", now);
  } catch {
    sent = null; // a lost server has its own notice; it is sent again with the next gesture
  }
}
