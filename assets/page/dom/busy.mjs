/* A line that says what is being waited for, once it takes longer than a moment. */

import { ids } from "./ids.mjs";

const LATE = 300; // ms
const doing = new Map(); // promise -> words, of what is late

/**
 * Say `words` while a promise takes longer than 300 ms; gives the promise back.
 * @param {Promise<any>} promise
 * @param {string} words
 */
export function sayBusy(promise, words) {
  const timer = setTimeout(() => {
    doing.set(promise, words);
    show();
  }, LATE);
  const done = () => {
    clearTimeout(timer);
    if (doing.delete(promise)) show();
  };
  promise.then(done, done);
  return promise;
}

function show() {
  const place = document.getElementById(ids.busy);
  place.textContent = [...doing.values()].at(-1) || "";
}
