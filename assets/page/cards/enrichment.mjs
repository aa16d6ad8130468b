/* What the matches carry: for a track, how often each of its values stands at their steps, against the whole corpus. A bar
   pressed keeps the matches with that value. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const HINT = "Brush some tokens: what their matches have in common, in each track.";
  const MOST = 200; // labels of a filter; the server takes 1,000
  let card, limits;
  let place = null; // what the choice of tracks stands in
  let wanted = null; // {dump, name}: the track that was asked for by hand
  let made = "";

  function make() {
    card = lv.aside.card(lv.ids.carry, "What the matches carry");
    limits = lv.menu.element("p", "lv-card-note lv-carry-limits");
    place = lv.menu.element("div", "lv-card-track");
    for (const name of ["selection", "summary", "carry"]) lv.frame.add(name, draw);
  }

  /* The tracks of the present answer, the corpus's own before predictions, the most telling first; and which is shown. */
  function tracks() {
    const answer = lv.summary.answer();
    return answer && answer.carry ? lv.tracks.ownFirst(lv.carried.ordered(answer.carry.tracks)) : [];
  }

  function chosen() {
    const every = tracks();
    const asked = wanted && wanted.dump === lv.state.current.dump && every.find((track) => track.name === wanted.name);
    return asked || every[0] || null;
  }

  const isRegion = () => Boolean((lv.summary.answer() || {}).is_region);
  const whose = () => (isRegion() ? "region" : "matches");
  const filters = () => lv.pick.limits().filters;

  function draw() {
    if (!lv.model.source) return;
    const answer = lv.summary.answer();
    const missing = lv.aside.noSummary(HINT);
    const now = JSON.stringify([missing && missing.textContent, answer && answer.key, lv.state.current.dump, wanted, filters(), lv.svg.type()]);
    if (now === made) return;
    made = now;
    card.title.textContent = isRegion() ? "What the region carries" : "What the matches carry";
    drawLimits();
    if (missing) card.body.replaceChildren(missing, ...limitRow());
    else if (!lv.model.tracks.length) card.body.replaceChildren(lv.aside.hint("This recording has no tracks to compare."), ...limitRow());
    else if (!answer.carry.n_matches) card.body.replaceChildren(lv.aside.hint(none(answer)), ...limitRow());
    else if (!chosen()) card.body.replaceChildren(lv.aside.hint("No step of the matches has a value in any track."), ...limitRow());
    else show(chosen());
  }

  function none({ n_full: nFull, n_hidden: nHidden }) {
    return nFull && nFull === nHidden ? "Every match with all units on is hidden." : "No match has all units on: there is nothing to compare.";
  }

  const limitRow = () => (limits.firstChild ? [limits] : []);

  function show(track) {
    const { element } = lv.menu;
    const name = lv.tokens.show(track.name).text;
    choose(track);
    const rows = lv.carried.rows(track);
    const list = element("div", "lv-carried", "", { role: "group", "aria-label": `${name}: share of the ${isRegion() ? "region's" : "matched"} steps against the corpus` });
    const longest = Math.max(...rows.map((value) => Array.from(lv.tokens.show(value.value).text).length));
    list.style.setProperty("--lv-name", lv.aside.nameWidth(longest));
    list.append(...rows.map((value) => row(track, name, value)));
    const focused = card.body.contains(document.activeElement) ? document.activeElement.dataset.value : undefined;
    const parts = [place, list];
    if (track.n_values > rows.length) parts.push(lv.aside.hint(`${lv.words.plural(track.n_values - rows.length, "more value")} not listed`));
    const best = lv.carried.strongest(track);
    if (best) parts.push(conclusion(name, best));
    card.body.replaceChildren(...parts, ...limitRow());
    const again = focused !== undefined && [...list.children].find((one) => one.dataset.value === focused);
    if (again) again.focus({ preventScroll: true });
  }

  /* "track depth against the corpus", the name a choice where there are several. */
  function choose(track) {
    const every = tracks();
    const isFocused = place.contains(document.activeElement);
    const options = every.map((one) => [one.name, lv.tokens.show(one.name).text]);
    const pick = (name) => {
      wanted = { dump: lv.state.current.dump, name };
      lv.frame.ask("carry");
    };
    const shown = every.length > 1 ? lv.menu.choice("Track to compare, the most telling first", options, track.name, pick) : lv.menu.element("strong", "", options[0][1]);
    place.replaceChildren("track ", shown, lv.menu.element("span", "", "against the corpus"));
    if (isFocused) requestAnimationFrame(() => shown.focus({ preventScroll: true }));
  }

  /* A value: its base rate over its share, each a bar; pressed, it filters. */
  function row(track, name, value) {
    const { element } = lv.menu;
    const shown = lv.tokens.show(value.value).text;
    const isAllowed = lv.carried.isAllowed(filters(), track, value);
    const counts = `${lv.scale.grouped(value.n_steps)} of ${lv.words.plural(track.n_steps, isRegion() ? "step" : "matched step")}, ${lv.scale.grouped(value.n_corpus)} of ${lv.scale.grouped(track.n_corpus)} in the corpus`;
    const whole = element("button", "lv-carry", "", {
      type: "button",
      "aria-pressed": String(isAllowed === true),
      "aria-label": `${name} ${shown}: share ${lv.shares.decimal(value.share)}, base rate ${lv.shares.decimal(value.base_rate)}`,
    });
    whole.dataset.value = value.value;
    whole.classList.toggle("lv-shut", isAllowed === false);
    const room = element("span", "lv-carry-room");
    for (const [className, share] of [["lv-carry-base", value.base_rate], ["lv-carry-share", value.share]]) {
      const bar = element("span", className);
      bar.style.width = share > 0 ? `max(1.5px, ${share * 100}%)` : "0";
      room.append(bar);
    }
    whole.append(element("bdi", "lv-carry-name", shown), room, element("span", "lv-carry-number", lv.shares.decimal(value.share)));
    const acts = isAllowed === true ? "press to take the filter away" : `press to keep only ${isRegion() ? "steps" : "matches"} with it${track.kind === "number" && isAllowed === false ? ", with Shift to keep it too" : ""}`;
    whole.addEventListener("pointermove", (event) => lv.tip.show(event, [`${name} ${shown}`, `${lv.shares.percent(value.share)} of the ${whose()}, ${lv.shares.percent(value.base_rate)} of the corpus`, counts, acts]));
    whole.addEventListener("pointerleave", () => lv.tip.hide());
    whole.addEventListener("click", (event) => toggle(track, value, event.shiftKey));
    return whole;
  }

  function toggle(track, value, isMore) {
    lv.tip.hide();
    const next = lv.carried.toggled(filters(), track, value, isMore);
    if (next.some((one) => (one.labels || []).length > MOST)) return lv.notice.say("limit", `A filter holds at most ${MOST} labels.`);
    lv.pick.limit({ filters: next });
  }

  function conclusion(name, value) {
    const { figure, rest } = lv.carried.sentence(name, Object.assign({}, value, { value: lv.tokens.show(value.value).text }));
    const line = lv.menu.element("p", "lv-card-note lv-carry-said");
    line.append(lv.menu.element("strong", "lv-figure", figure), ` ${isRegion() ? rest.replace("the matched steps", "the region's steps") : rest}.`);
    return line;
  }

  /* The filters that hold now, in words, whichever track they are on; over the matches each can be changed and dropped. */
  function drawLimits() {
    const words = filters().map((filter) => lv.carried.filterWords(spelled(filter), lv.scale.valueText));
    limits.textContent = words.length ? `Only matches with ${words.join(", ")}.` : "";
  }

  /* A filter with its names as they are shown. */
  function spelled(filter) {
    const show = (text) => lv.tokens.show(text).text;
    return Object.assign({}, filter, { track: show(filter.track) }, filter.labels ? { labels: filter.labels.map(show) } : {});
  }

  /* For tests. */
  function shown() {
    const texts = (selector) => Array.from(card.body.querySelectorAll(selector), (one) => one.textContent);
    return { track: chosen() && chosen().name, tracks: tracks().map((track) => track.name), names: texts(".lv-carry-name"), numbers: texts(".lv-carry-number"), filters: texts(".lv-carry-limits"), words: card.body.textContent };
  }

  lv.carry = { make, shown };
})(window);
