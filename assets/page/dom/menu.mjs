/* A button that opens a small panel under it; Escape, a press elsewhere or another menu closes it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let present = null; // the menu that is open

  /* Make one in a place: `words` on the button, `title` for its tooltip, `fill(panel)` each time it opens. */
  function make(place, { words, title, fill, onClose }) {
    const whole = document.createElement("div");
    whole.className = "lv-menu";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "lv-menu-button";
    button.textContent = words;
    button.title = title;
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-haspopup", "dialog");
    const panel = document.createElement("div");
    panel.className = "lv-panel";
    panel.hidden = true;
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", title);
    whole.append(button, panel);
    place.append(whole);
    const menu = { whole, button, panel, fill, onClose, open: () => open(menu), close: () => close(menu), isOpen: () => !panel.hidden };
    button.addEventListener("click", () => (menu.isOpen() ? close(menu) : open(menu)));
    panel.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
    return menu;
  }

  function open(menu) {
    if (present && present !== menu) close(present);
    present = menu;
    menu.panel.replaceChildren();
    menu.fill(menu.panel);
    menu.panel.hidden = false;
    menu.button.setAttribute("aria-expanded", "true");
    menu.panel.classList.remove("lv-panel-left");
    menu.panel.classList.toggle("lv-panel-left", menu.panel.getBoundingClientRect().right > root.innerWidth - 12);
    const first = menu.panel.querySelector("input, button, select");
    if (first) first.focus();
  }

  function close(menu) {
    if (menu.panel.hidden) return;
    const hadFocus = menu.panel.contains(document.activeElement);
    menu.panel.hidden = true;
    menu.button.setAttribute("aria-expanded", "false");
    if (present === menu) present = null;
    if (hadFocus) menu.button.focus();
    if (menu.onClose) menu.onClose();
  }

  document.addEventListener("pointerdown", (event) => {
    // The lines take no menu away: with "+ pin" open a press on one pins it.
    if (present && !present.whole.contains(event.target) && !event.target.closest(".lv-plot")) close(present);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !present) return;
    event.stopPropagation();
    close(present);
  }, true);

  /* An element: tag, class, text, and attributes. */
  function element(tag, className, text, attributes) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    return made;
  }

  /* A button of a panel or a row. */
  function button(className, text, title, act) {
    const made = element("button", className, text, { type: "button", title });
    if (text.length === 1) made.setAttribute("aria-label", title); // a sign says nothing when it is read out
    made.addEventListener("click", act);
    return made;
  }

  /* A box to tick with words beside it. */
  function tick(words, isOn, act) {
    const label = element("label", "lv-tick");
    const box = element("input", "", "", { type: "checkbox" });
    box.checked = isOn;
    box.addEventListener("change", () => act(box.checked));
    label.append(box, element("span", "", words));
    return label;
  }

  /* One of a few: a list to choose from. `options`: [[value, words], ...]. */
  function choice(label, options, value, act) {
    const made = element("select", "lv-choice", "", { "aria-label": label, title: label });
    for (const [key, words] of options) {
      const option = element("option", "", words, { value: key });
      option.selected = key === value;
      made.append(option);
    }
    made.addEventListener("change", () => act(made.value));
    return made;
  }

  lv.menu = { make, element, button, tick, choice };
})(window);
