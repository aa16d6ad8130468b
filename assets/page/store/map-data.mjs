/* What the map shows, as the server has it: points, what colours them, the window as a path, and how far a map is. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const POLL = 500; // ms between two looks at a map that is computed
  const REST = 120; // ms that the view rests before its path is asked for
  const abouts = new Map(); // uuid -> promise
  let now = fresh(null); // the map that is wanted
  let timer = null;
  let pathTimer = null;

  function fresh(key) {
    return { key, about: null, job: null, problem: null, map: null, ids: null, points: null, tokens: null, colour: null, path: null };
  }

  /* {of, method}: the map that the state asks for; `of` is a source's name, or "embedding". */
  function wanted() {
    const { mapOf, mapMethod, source } = lv.state.current;
    return { of: mapOf || source, method: mapMethod };
  }

  const isOfTokens = () => wanted().of === "embedding" && !lv.model.sourceOf("embedding");

  function base({ of, method } = wanted()) {
    const source = lv.model.sourceOf(of);
    return `d/${lv.state.current.dump}/map/${source ? source.index : "embedding"}/${method}`;
  }

  function about() {
    const { dump } = lv.state.current;
    if (!abouts.has(dump)) {
      const promise = lv.data.json(`d/${dump}/map/about.json`);
      promise.catch(() => abouts.delete(dump));
      abouts.set(dump, promise);
    }
    return abouts.get(dump);
  }

  /* Have what the state asks for; it is drawn by lv.frame's part "map" as it comes. */
  function need() {
    const key = base();
    if (now.key !== key) {
      clearTimeout(timer);
      now = fresh(key);
      load(now);
    }
    needColour();
    needPath();
    return now;
  }

  /* Run something for a map unless another one is wanted by then; what fails is told. */
  async function forMap(mine, act) {
    try {
      await act();
    } catch (error) {
      mine.problem = error.message;
    }
    if (mine === now) lv.frame.ask("map");
  }

  function load(mine) {
    return forMap(mine, async () => {
      mine.problem = null;
      mine.about = await about();
      const { job, map } = await lv.data.json(`${mine.key}/points.json`);
      if (mine !== now) return;
      mine.job = job;
      if (job.state === "waiting" || job.state === "running") timer = setTimeout(() => load(mine), POLL);
      if (map && !mine.points) await fetchPoints(mine, map);
    });
  }

  async function fetchPoints(mine, map) {
    const bytes = await (await lv.data.get(`${mine.key}/points.bin`)).arrayBuffer();
    if (!map.is_of_steps) mine.tokens = (await lv.data.json(`${mine.key}/tokens.json`)).tokens;
    mine.ids = new Int32Array(bytes, 0, map.n);
    mine.points = new Float32Array(bytes, 4 * map.n, 2 * map.n);
    mine.map = map;
    needColour();
    needPath();
  }

  /* Have the map computed, or stop that. */
  function start() {
    const mine = now;
    return forMap(mine, async () => {
      mine.problem = null;
      mine.job = await (await lv.data.post(`${mine.key}/start`, {})).json();
      if (mine === now) await load(mine);
    });
  }

  function cancel() {
    const mine = now;
    clearTimeout(timer);
    return forMap(mine, async () => {
      await lv.data.post(`${mine.key}/cancel`, {});
      mine.job = { state: "none", share: 0, words: "" };
    });
  }

  /* Ask once more for what failed. */
  function again() {
    now = fresh(null);
    lv.frame.ask("map");
  }

  /* The track that colours the map: the one asked for, else the first; null where there is none. */
  function colourBy() {
    if (isOfTokens()) return { name: "frequency", kind: "number", labels: [] };
    const { mapColour } = lv.state.current;
    if (mapColour === "") return null;
    return lv.model.tracks.find((track) => track.name === mapColour) || lv.model.tracks[0] || null;
  }

  function needColour() {
    const mine = now;
    const by = colourBy();
    if (!mine.points || (mine.colour && mine.colour.by === (by && by.name))) return;
    const found = (mine.colour = { by: by && by.name, values: null, found: null });
    if (!by) return;
    forMap(mine, async () => {
      const bytes = await (await lv.data.get(`${mine.key}/colour.bin?by=${encodeURIComponent(by.name)}`)).arrayBuffer();
      found.values = new Float32Array(bytes);
      found.found = isOfTokens() ? lv.mapcolour.ofCounts(found.values) : lv.mapcolour.coloured(found.values, by);
    });
  }

  function needPath() {
    const mine = now;
    const { at, span } = lv.state.current;
    const key = `${at} ${span}`;
    if (!mine.points || (mine.path && mine.path.key === key) || mine.asked === key) return;
    mine.asked = key;
    clearTimeout(pathTimer);
    pathTimer = setTimeout(() => {
      const stop = Math.min(lv.model.axis.n_steps, at + span);
      forMap(mine, async () => {
        const path = await lv.data.json(`${mine.key}/path.json?start=${at}&stop=${stop}`);
        if (mine.asked === key) mine.path = Object.assign(path, { key });
      });
    }, REST);
  }

  lv.mapdata = { base, need, start, cancel, again, wanted, isOfTokens, colourBy, about, present: () => now };
})(window);
