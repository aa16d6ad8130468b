/* Text search: Enter goes to the next hit, Shift+Enter to the one before, "3 of 41" says where that is. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const AT_ONCE = 500; // hits a request
  let input, count;
  let found = null; // {text, where, total, hits: Map of index -> [start, stop], present}
  let turn = 0; // which search is the last one asked for

  function make() {
    input = document.getElementById(lv.ids.search);
    count = document.getElementById(lv.ids.hitCount);
    input.addEventListener("keydown", (event) => {
      lv.keys.act("search", event, { next: () => go(1), back: () => go(-1), forget });
    });
    input.addEventListener("input", forget);
  }

  function where() {
    return `${lv.state.current.dump} ${lv.model.axis.index}`;
  }

  function forget() {
    found = null;
    turn++;
    say("");
    lv.frame.ask("strip");
  }

  /* Another dump or axis has other hits. */
  function moved() {
    if (found && found.where !== where()) forget();
  }

  function say(words, isProblem) {
    count.textContent = words;
    count.classList.toggle("lv-warn", Boolean(isProblem));
  }

  async function go(direction) {
    const text = input.value;
    if (!text || !lv.model.source) return;
    const mine = ++turn;
    const late = setTimeout(() => mine === turn && say("searching …"), 300);
    try {
      const next = found && found.text === text && found.where === where() ? await step(direction) : await begin(text, direction);
      if (mine !== turn) return;
      lv.notice.clear("search");
      if (next === null) say("no hits");
      else jump(next);
    } catch (error) {
      if (mine !== turn) return;
      say("failed", true);
      lv.notice.say("search", `The search failed: ${error.message}`);
    } finally {
      clearTimeout(late);
    }
  }

  /* The first hit from the visible steps on, or the last before them. */
  async function begin(text, direction) {
    found = { text, where: where(), total: 0, hits: new Map(), present: null };
    const first = await load(lv.state.current.at);
    if (!found || !found.total) return null;
    const isAhead = direction > 0;
    return isAhead ? first : hit(first - 1);
  }

  function step(direction) {
    return found.total ? hit(found.present === null ? 0 : found.present + direction) : null;
  }

  /* Fetch the hits from a step on (they go round the end); returns the index of the first of them. */
  async function load(after) {
    const asked = found;
    const { dump } = lv.state.current;
    const query = `q=${encodeURIComponent(asked.text)}&after=${Math.max(0, after)}&limit=${AT_ONCE}`;
    const answer = await lv.data.json(`d/${dump}/search/${lv.model.axis.index}?${query}`);
    asked.total = answer.total;
    answer.hits.forEach((one, k) => asked.hits.set((answer.first + k) % answer.total, one));
    return answer.first;
  }

  /* A hit's index, loaded, whichever side it is entered from; the end leads to the start. */
  async function hit(wanted) {
    const { total, hits } = found;
    const index = ((wanted % total) + total) % total;
    const before = hits.get(index - 1);
    if (!hits.has(index) && index === 0) await load(0);
    else if (!hits.has(index) && before) await load(before[0] + 1);
    if (!hits.has(index)) await loadBack(index);
    return index;
  }

  /* Fetch a hit that only the one after it leads to: start so far back that about half a request lies before it. */
  async function loadBack(index) {
    const { total, hits } = found;
    const nSteps = lv.model.axis.n_steps;
    const edge = hits.has(index + 1) ? hits.get(index + 1)[0] : nSteps;
    let reach = Math.ceil((nSteps / total) * (AT_ONCE / 2));
    while (!hits.has(index)) {
      const from = Math.max(0, edge - reach);
      let last = await load(from);
      const isTooLate = last > index || hits.get(last)[0] < from; // nothing from there on: it went round to the start
      while (!isTooLate && !hits.has(index)) {
        while (hits.has(last + 1)) last++;
        await load(hits.get(last)[0] + 1);
      }
      reach *= 4;
    }
  }

  function jump(index) {
    const [start, stop] = found.hits.get(index);
    const { at, span } = lv.state.current;
    found.present = index;
    say(`${lv.scale.grouped(index + 1)} of ${lv.scale.grouped(found.total)}`);
    if (start >= at && stop <= at + span) lv.frame.ask("strip");
    else lv.state.panTo(start - Math.floor(span / 3), "settle");
  }

  /* Go to a hit that was listed elsewhere. */
  function goTo(index, hit) {
    if (!found) return;
    turn++;
    found.hits.set(index, hit);
    jump(index);
  }

  /* What was searched for last: {text, total, present}, `present` the hit that was gone to; null before. */
  function last() {
    return found && found.where === where() ? { text: found.text, total: found.total, present: found.present } : null;
  }

  /* Hits that overlap [from, to), as far as loaded: {start, stop, isPresent}. */
  function hitsIn(from, to) {
    if (!found || found.where !== where()) return [];
    const seen = [];
    for (const [index, [start, stop]] of found.hits) {
      if (stop > from && start < to) seen.push({ start, stop, isPresent: index === found.present });
    }
    return seen;
  }

  lv.search = { make, go, goTo, found: last, hitsIn, moved };
})(window);
