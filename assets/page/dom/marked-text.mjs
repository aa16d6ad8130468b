/* Text on the page in which tokens that the model does not know are marked. */

import { element } from "./element.mjs";

/**
 * @param {string} name of its class
 * @param {ShownToken[]} parts tokens, and the spaces between them
 */
export function markedText(name, parts) {
  const text = element("bdi", name);
  text.append(...parts.map((part) => (part.isUnknown ? element("span", "lv-text-unknown", part.text) : part.text)));
  return text;
}

/**
 * Tokens with those around them: the two halves of a row, which meet where the tokens begin.
 * @param {ShownToken[][]} parts before, the tokens, and after
 */
export function markedAround([before, tokens, after]) {
  const [left, right] = [element("span", "lv-hit-before"), element("span", "lv-hit-after")];
  left.append(markedText("", before));
  right.append(markedText("lv-hit", tokens), markedText("", after));
  return [left, right];
}
