/* A signal and its listeners. Pure. */

/* `on(act)` adds a listener; `tell(...given)` calls all of them, in the order they were added. */
export function signal() {
  const /** @type {((...given: any[]) => void)[]} */ acts = [];
  return {
    on: /** @param {(...given: any[]) => void} act */ (act) => acts.push(act),
    tell: /** @param {...any} given */ (...given) => acts.forEach((act) => act(...given)),
  };
}
