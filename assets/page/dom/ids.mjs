/* The data that stand in the page as JSON, and of these the ids of its elements, as Python named them: `ids.hitNext` is
   "lv-hit-next". */

export const ids = readJson("lv-ids") || {}; // none where node runs a module by itself

/**
 * @param {string} name
 * @returns {any}
 */
export function readJson(name) {
  const written = globalThis.document?.getElementById(name);
  return written ? JSON.parse(written.textContent) : null;
}
