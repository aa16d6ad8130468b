/* Text search: Enter goes to the next hit, Shift+Enter to the one before, "3 of 41" says where that is. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 5000; // hits asked for at once
  let input, count;
  let found = null; // {text, where, hits, total, present}
  let asked = 0;

  function make() {
    input = document.getElementById(lv.ids.search);
    count = document.getElementById(lv.ids.hitCount);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        go(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape") clear();
    });
    input.addEventListener("input", () => {
      if (input.value === "") clear();
      else say("");
    });
  }

  function where() {
    return `${lv.state.current.dump} ${lv.model.axis.index}`;
  }

  function clear() {
    found = null;
    asked++;
    say("");
    lv.frame.ask("strip");
  }

  function say(words, isProblem) {
    count.textContent = words;
    count.classList.toggle("lv-warn", Boolean(isProblem));
  }

  async function go(direction) {
    const text = input.value;
    if (!text || !lv.model.source) return;
    if (!found || found.text !== text || found.where !== where()) {
      if (!(await find(text))) return;
      choose(direction, null);
    } else choose(direction, found.present);
    jump();
  }

  async function find(text) {
    const turn = ++asked;
    const late = setTimeout(() => turn === asked && say("searching …"), 300);
    try {
      const { dump } = lv.state.current;
      const place = where();
      const answer = await lv.data.json(`d/${dump}/search/${lv.model.axis.index}?q=${encodeURIComponent(text)}&after=0&limit=${MOST}`);
      if (turn !== asked) return false;
      found = { text, where: place, hits: answer.hits, total: answer.total, present: null };
      lv.notice.clear("search");
      if (!found.hits.length) say("no hits");
      lv.frame.ask("strip");
      return found.hits.length > 0;
    } catch (error) {
      if (turn === asked) {
        say("failed", true);
        lv.notice.say("search", `The search failed: ${error.message}`);
      }
      return false;
    } finally {
      clearTimeout(late);
    }
  }

  /* The hit after (or before) the present one; from the middle of the view when there is none yet. */
  function choose(direction, present) {
    const n = found.hits.length;
    if (present !== null) found.present = (present + direction + n) % n;
    else {
      const from = lv.state.current.at;
      const next = found.hits.findIndex((hit) => hit[0] >= from);
      found.present = direction > 0 ? (next < 0 ? 0 : next) : ((next < 0 ? n : next) - 1 + n) % n;
    }
  }

  function jump() {
    const hit = found.hits[found.present];
    const { at, span } = lv.state.current;
    say(`${lv.scale.grouped(found.present + 1)} of ${lv.scale.grouped(found.total)}`);
    const isSeen = hit[0] >= at && hit[1] <= at + span;
    if (isSeen) lv.frame.ask("strip");
    else lv.state.panTo(hit[0] - Math.floor(span / 3), "settle");
  }

  /* Hits that overlap [from, to): {start, stop, isPresent}. */
  function hitsIn(from, to) {
    if (!found || found.where !== where()) return [];
    return found.hits
      .map((hit, k) => ({ start: hit[0], stop: hit[1], isPresent: k === found.present }))
      .filter((hit) => hit.stop > from && hit.start < to);
  }

  lv.search = { make, go, hitsIn };
})(window);
