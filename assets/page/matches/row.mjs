/* What of a match row is no picture: the link to its place, the buttons that mark and hide it, the headings of groups. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  /* Fill a block's column of links anew; the keyboard stays where it was. */
  function fill(block) {
    const active = document.activeElement;
    const held = active && block.links.contains(active) ? nameOf(active) : null;
    block.links.replaceChildren(...block.items.map((item) => (item.kind === "row" ? row(item, block.top) : heading(item, block.top))));
    const again = held && block.links.querySelector(held);
    if (again) again.focus({ preventScroll: true });
  }

  function nameOf(element) {
    if (element.dataset.group !== undefined) return `[data-group="${element.dataset.group}"]`;
    const whole = element.closest("[data-place]");
    if (!whole) return null;
    return `[data-place="${whole.dataset.place}"] ${element.dataset.act ? `[data-act="${element.dataset.act}"]` : "a"}`;
  }

  function row({ row: match, place, top }, from) {
    const { element } = lv.menu;
    const [isMarked, isHidden] = [lv.byhand.isMarked(match), lv.byhand.isHidden(match)];
    const whole = element("div", `lv-match-row${isMarked ? " lv-marked" : ""}${isHidden ? " lv-hidden-row" : ""}`);
    whole.style.top = `${top - from}px`;
    whole.dataset.place = place;
    const step = lv.scale.grouped(match.start);
    const act = (name, sign, words, isOn) => element("button", `lv-match-act lv-match-${name}`, sign, { type: "button", tabindex: "-1", title: words, "aria-label": `${words}: step ${step}`, "aria-pressed": String(isOn), "data-act": name });
    const link = element("a", "lv-match-link", step, { title: `Show this place; brush and pattern are kept. M marks it, Delete hides it${isMarked ? ". Marked" : ""}`, "data-row": place, "data-testid": "match-link" });
    link.href = lv.url.format(Object.assign({}, lv.state.current, lv.matchtable.placeOf(match)));
    whole.append(
      act("mark", isMarked ? "★" : "☆", isMarked ? "Take the mark away (M)" : "Mark this match (M)", isMarked),
      link,
      act("hide", isHidden ? "↺" : "×", isHidden ? "Bring this match back (Delete)" : "Hide this match (Delete)", isHidden),
    );
    return whole;
  }

  function heading({ group, isFolded, top }, from) {
    const { element } = lv.menu;
    const words = lv.listing.groupWords(lv.matches.answer().question.group, group.name);
    const made = element("button", "lv-match-group", "", { type: "button", "aria-expanded": String(!isFolded), "data-group": group.index, title: isFolded ? "Show its matches" : "Fold its matches away" });
    made.style.top = `${top - from}px`;
    made.append(element("span", "lv-match-group-name", lv.tokens.show(words).text), element("span", "lv-match-group-count", lv.words.plural(group.n, "match")));
    return made;
  }

  function matchOf(element) {
    const whole = element.closest("[data-place]");
    return whole ? lv.matches.list().row(Number(whole.dataset.place)) : null;
  }

  /* One listener for all rows. */
  function watch(room) {
    room.addEventListener("click", press);
    room.addEventListener("keydown", key);
  }

  function press(event) {
    const group = event.target.closest("[data-group]");
    if (group) return fold(Number(group.dataset.group));
    const match = matchOf(event.target);
    if (!match) return;
    const act = event.target.closest("[data-act]");
    if (act) return lv.byhand[act.dataset.act](match);
    if (!event.target.closest("a") || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    lv.matchtable.open(match);
  }

  function fold(index) {
    const list = lv.matches.list();
    list.fold(index, !list.isFolded(index));
    lv.frame.ask("matches");
    if (lv.matchtable.laid().next !== null) lv.frame.ask("matchscroll"); // rows of an opened group may be missing
    lv.matchtools.draw();
  }

  function key(event) {
    const match = matchOf(event.target);
    if (!match && event.target.dataset.group === undefined) return;
    const acts = { down: () => step(event.target, 1), up: () => step(event.target, -1) };
    if (match) {
      const place = Number(event.target.closest("[data-place]").dataset.place);
      const hide = () => (lv.byhand.hide(match), lv.matchtable.focus(place));
      Object.assign(acts, { hide, mark: () => lv.byhand.mark(match) });
    }
    if (lv.keys.act("row", event, acts)) event.stopPropagation();
  }

  /* To the next row or heading, down or up. */
  function step(element, by) {
    const { items } = lv.matchtable.laid();
    const isHere = element.dataset.group !== undefined ? (item) => item.kind === "group" && String(item.group.index) === element.dataset.group : (item) => item.kind === "row" && String(item.place) === element.closest("[data-place]").dataset.place;
    const next = items[items.findIndex(isHere) + by];
    if (next) lv.matchtable.focusItem(next);
    else if (by > 0) document.querySelector("[data-testid=more]")?.focus();
  }

  lv.matchrow = { fill, watch };
})(window);
