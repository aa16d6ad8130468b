/* The ids of the page's elements, as Python named them: `ids.hitNext` is "lv-hit-next". They stand in the page as JSON. */

export const ids = read();

function read() {
  const written = globalThis.document?.getElementById("lv-ids"); // none where node runs a module by itself
  return written ? JSON.parse(written.textContent) : {};
}
