/* Large type and lines and more contrast, for a room: a button and a key, remembered by this browser. The sizes are in
   style_people.css; what the canvases draw asks here. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const KEPT = "lstmviz-projector";
  const TYPE = 1.25; // times the usual size
  const LINES = 1.6; // times the usual width
  let button = null;

  /* Before anything is drawn, so that nothing jumps. */
  function begin() {
    let kept = null;
    try {
      kept = root.localStorage.getItem(KEPT);
    } catch (error) {
      kept = null; // a browser that keeps nothing: the usual size
    }
    document.documentElement.toggleAttribute("data-lv-projector", kept === "1");
  }

  function make() {
    button = document.getElementById(lv.ids.projector);
    button.addEventListener("click", toggle);
    mark();
    const header = document.querySelector(".lv-header");
    const told = () => document.documentElement.style.setProperty("--lv-head", `${header.offsetHeight}px`); // in two rows, what sticks under it starts lower
    new ResizeObserver(told).observe(header);
  }

  function isOn() {
    return document.documentElement.hasAttribute("data-lv-projector");
  }

  function set(wanted) {
    document.documentElement.toggleAttribute("data-lv-projector", wanted);
    try {
      root.localStorage.setItem(KEPT, wanted ? "1" : "0");
    } catch (error) {
      // not remembered; it holds until the page is left
    }
    mark();
    if (lv.model.source) lv.naming.show();
  }

  function toggle() {
    set(!isOn());
  }

  function mark() {
    if (button) button.setAttribute("aria-pressed", String(isOn()));
  }

  lv.projector = { make, set, toggle, isOn, type: () => (isOn() ? TYPE : 1), lines: () => (isOn() ? LINES : 1) };
  begin();
})(window);
