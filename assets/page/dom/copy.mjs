/* Text to the clipboard, also on a page without TLS, where browsers have no clipboard for scripts but copy what is selected. */

import { element } from "./element.mjs";

/**
 * Raises an Error where the browser does not let the page copy.
 * @param {string} text
 */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const held = /** @type {HTMLElement} */ (document.activeElement);
  const field = element("textarea", "lv-unseen", "", { readonly: "" });
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  held?.focus({ preventScroll: true });
  if (!isCopied) throw new Error("the browser does not let the page copy");
}
