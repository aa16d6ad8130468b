/* Help: a button and "?" open a list of every key, from the table that the handlers use, and what else there is to know. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let dialog = null;

  function make() {
    const place = document.getElementById(lv.ids.help);
    const help = lv.menu.button("lv-square", "?", "Keys and help (?)", open);
    help.setAttribute("aria-haspopup", "dialog");
    place.append(help);
    document.querySelector(".lv-skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address is the selection's
      lv.strip.place().focus();
    });
    document.addEventListener("keydown", (event) => {
      if (isOpen() || (lv.model.source && !lv.start.isShown())) return; // there pan.js has all keys of the page
      if (!isTyping(event.target) && lv.keys.named("page", event) === "help") open();
    });
  }

  function isTyping(target) {
    return Boolean(target.closest && target.closest("input, textarea, select"));
  }

  function isOpen() {
    return dialog !== null && dialog.open;
  }

  function open() {
    if (!dialog) {
      dialog = lv.menu.element("dialog", "lv-dialog", "", { "aria-labelledby": "lv-help-title" });
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
      dialog.addEventListener("keydown", (event) => event.stopPropagation()); // its Escape is its own
      document.getElementById(lv.ids.root).append(dialog);
    }
    if (dialog.open) return;
    fill();
    dialog.showModal();
  }

  function close() {
    if (isOpen()) dialog.close();
  }

  function fill() {
    const { element, button, tick } = lv.menu;
    const head = element("div", "lv-dialog-head");
    head.append(element("h2", "", "Keys and help", { id: "lv-help-title" }), button("lv-card-close", "×", "Close", close));
    const more = element("div", "lv-help-more");
    more.append(
      tick("Large type, for a projector", lv.projector.isOn(), lv.projector.set),
      button("lv-button", "Take the tour", "Five stops at the page's own controls", () => {
        close();
        lv.tour.start();
      }),
    );
    if (lv.start.isShown()) more.lastChild.remove(); // the tour goes over a recording
    const tables = element("div", "lv-keys");
    tables.append(...lv.keys.TABLE.map(table));
    const pointer = element("p", "lv-card-note", "With the pointer: drag over the tokens to brush; drag the lines to pan, the wheel pans too and zooms with Ctrl; drag the dot on the axis to set the threshold; press a line to hold its unit, with Shift to take it out.");
    dialog.replaceChildren(head, more, tables, pointer);
  }

  function table({ place, title, keys }) {
    const { element } = lv.menu;
    const whole = element("section", "lv-keys-part", "", { "aria-labelledby": `lv-keys-${place}` });
    const list = element("dl", "lv-keys-list");
    for (const [, combinations, words] of keys) {
      const term = element("dt");
      combinations.forEach((one, k) => {
        if (k) term.append(" or ");
        lv.keys.shown(one).forEach((part, at) => term.append(at ? "+" : "", element("kbd", "", part)));
      });
      list.append(term, element("dd", "", words));
    }
    whole.append(element("h3", "", title, { id: `lv-keys-${place}` }), list);
    return whole;
  }

  /* To the first row of matches, or where there is none to what is said of them. */
  function goToMatches() {
    const first = document.querySelector(`#${lv.ids.matchTable} [data-place] a, #${lv.ids.matchTable} [data-group]`);
    if (first) return first.focus();
    const counts = document.getElementById(lv.ids.counts);
    counts.setAttribute("tabindex", "-1");
    counts.focus();
    counts.scrollIntoView({ block: "center" });
  }

  lv.help = { make, open, close, isOpen, goToMatches };
})(window);
