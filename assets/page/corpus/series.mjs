/* A model at moments of its training: one recording each, in order. Another one shows the same steps and the same brush. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let made = "";

  const place = () => document.getElementById(lv.ids.series);

  /* Show the moments that the present recording belongs to, or nothing. */
  function show() {
    const { uuid } = lv.model.dump.about;
    const series = lv.offers.seriesOf(uuid);
    const now = JSON.stringify(series && [series.dumps, uuid]);
    if (now === made) return;
    made = now;
    const hadFocus = place().contains(document.activeElement);
    place().replaceChildren();
    if (!series) return;
    const at = series.dumps.indexOf(uuid);
    const moments = lv.menu.element("div", "lv-series-moments");
    moments.append(...series.dumps.map((one, k) => moment(series, k, k === at)));
    place().append(lv.menu.element("span", "lv-gutter-label", "training"), step(-1, "‹", "The moment before ([)", at > 0), moments, step(1, "›", "The next moment (])", at < series.dumps.length - 1));
    if (hadFocus) moments.children[at].focus({ preventScroll: true });
  }

  function moment(series, k, isPresent) {
    const button = lv.menu.button("lv-series-moment", series.members[k], `${series.name}: ${series.members[k]}, at the same steps`, () => open(series.dumps[k]));
    button.setAttribute("aria-pressed", String(isPresent));
    return button;
  }

  function step(by, sign, title, isEnabled) {
    const button = lv.menu.button("lv-series-step", sign, title, () => go(by));
    button.disabled = !isEnabled;
    return button;
  }

  /* The moment before or after the present one; false where there is none. */
  function go(by) {
    const series = lv.model.dump && lv.offers.seriesOf(lv.model.dump.about.uuid);
    const next = series && series.dumps[series.dumps.indexOf(lv.model.dump.about.uuid) + by];
    if (next) open(next);
    return Boolean(next);
  }

  function open(uuid) {
    if (uuid === lv.state.current.dump) return;
    lv.page.show(uuid, Object.assign({}, lv.state.current, { dump: uuid }), "push", []);
  }

  lv.series = { show, go };
})(window);
