/* The part of a link behind its # never reaches the server. On the way into a class a browser keeps it: in the address that
   the form is posted to, which the redirect to the page inherits, and in that of a page that is asked for once more. */
(() => {
  const { hash } = window.location;
  const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
  if (form) form.action += hash;
  const link = /** @type {HTMLAnchorElement} */ (document.querySelector("a"));
  if (link) window.location.replace(link.href + hash);
})();
