/* Something that happens, and those who want to know of it. Pure. */

/* `on(act)` has an act called each time; `tell(...given)` calls them all, in the order they came. */
export function signal() {
  const /** @type {((...given: any[]) => void)[]} */ acts = [];
  return {
    on: /** @param {(...given: any[]) => void} act */ (act) => acts.push(act),
    tell: /** @param {...any} given */ (...given) => acts.forEach((act) => act(...given)),
  };
}
