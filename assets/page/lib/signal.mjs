/* Something that happens, and those who want to know of it. Pure. */

/* `on(act)` has an act called each time; `tell(...given)` calls them all, in the order they came. */
export function signal() {
  const acts = [];
  return { on: (act) => acts.push(act), tell: (...given) => acts.forEach((act) => act(...given)) };
}
