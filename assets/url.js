/* The selection as a query string, and back. Pure: what is wrong with a link is told in words, never thrown. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  const ROWS = 50; // of matches, where nobody asked for more
  const MIN_SPAN = 8; // steps; fewer leave nothing to compare
  const MAX_SPAN = 800; // steps; more are thinner than two pixels each
  const MAX_OFF = 99; // steps; a constraint longer than that is a typing slip
  const MAX_WINDOW = 4096; // steps of a window
  const MAX_ROWS = 2000; // rows of matches that the server gives in one answer
  const VIEW_BYTES = 48 * 1024 * 1024; // of states in view at once
  const WINDOW_BYTES = 48 * 1024 * 1024; // of states in one window
  const MAX_THRESHOLD = 1e30; // beyond any activation
  const STEPS = "a step number such as 2175";
  const FIELDS = [
    ["at", "at", wholeNumber, STEPS],
    ["span", "span", wholeNumber, "a number of steps such as 60"],
    ["start", "start", wholeNumber, STEPS],
    ["stop", "stop", wholeNumber, STEPS],
    ["t", "threshold", anyNumber, "a number such as 0.3"],
    ["before", "before", wholeNumber, "a number of steps such as 1"],
    ["after", "after", wholeNumber, "a number of steps such as 0"],
    ["rows", "rows", wholeNumber, "a number of rows such as 50"],
  ];

  function wholeNumber(text) {
    return /^\d{1,15}$/.test(text) ? Number(text) : null;
  }

  function anyNumber(text) {
    const value = text.trim() === "" ? NaN : Number(text);
    return Number.isFinite(value) && Math.abs(value) <= MAX_THRESHOLD ? value : null;
  }

  /* Bytes of a source's states at one step. */
  function rowBytes(source) {
    return (source.n_units || 1) * (source.dtype === "float64" ? 8 : 4);
  }

  /* How many steps of a source can be in view, and in a window: fewer where a step takes much memory. */
  function limits(source) {
    const within = (most, room) => Math.max(1, Math.min(most, Math.floor(room / rowBytes(source))));
    return { span: within(MAX_SPAN, VIEW_BYTES), window: within(MAX_WINDOW, WINDOW_BYTES) };
  }

  /* "?dump=...&start=3#pattern=..." -> {values: {dump, start, pattern}, problems: [words]}; only what it names. */
  function parse(address) {
    const [query, behind] = address.split("#");
    const asked = new URLSearchParams(query);
    const values = {};
    const pattern = new URLSearchParams(behind || "").get("pattern");
    if (pattern) values.pattern = pattern;
    const problems = [];
    for (const name of ["dump", "source"]) if (asked.get(name)) values[name] = asked.get(name);
    for (const [name, field, read, kind] of FIELDS) {
      if (!asked.has(name)) continue;
      const value = read(asked.get(name));
      if (value === null) problems.push(`the link's ${name}=${short(asked.get(name))} is not ${kind}; left out`);
      else values[field] = value;
    }
    return { values, problems };
  }

  /* A state -> "?dump=...": every part that another browser needs to show the same. */
  function format(state) {
    const query = new URLSearchParams({ dump: state.dump, source: state.source, at: state.at, span: state.span });
    if (state.start !== null) {
      query.set("start", state.start);
      query.set("stop", state.stop);
    }
    query.set("t", state.threshold);
    query.set("before", state.before);
    query.set("after", state.after);
    if (state.rows !== ROWS) query.set("rows", state.rows);
    // An opened pattern may be long: behind the # it does not travel to the server with each request.
    const opened = state.pattern ? "#" + new URLSearchParams({ pattern: state.pattern }) : "";
    return "?" + query.toString() + opened;
  }

  /* Names the question put to the match engine: equal keys, equal answers. */
  function key(state) {
    const parts = [state.dump, state.source, state.start, state.stop, state.threshold, state.before, state.after, state.rows, state.pattern || ""];
    return parts.join("|");
  }

  /* Parsed values + what the dump has -> {state, problems}: a complete state that fits, and what had to give. */
  function fit(values, about, defaults) {
    const problems = [];
    const state = Object.assign({}, defaults, values, { dump: about.uuid });
    const names = about.sources.map((source) => source.name);
    if (!names.includes(state.source)) {
      problems.push(`no source ${short(state.source)} in ${about.name}; it has ${names.join(", ")}. Shown: ${defaults.source}`);
      state.source = defaults.source;
    }
    const source = about.sources[names.indexOf(state.source)];
    const nSteps = about.axes[source.axis].n_steps;
    const most = limits(source);
    const bound = (name, low, high, what) => {
      const asked = state[name];
      state[name] = clamp(asked, low, high);
      if (values[name] === undefined || state[name] === asked) return;
      problems.push(`the link's ${name}=${asked} is ${asked > high ? "more" : "fewer"} than the ${state[name]} ${what}; shown: ${state[name]}`);
    };
    if (state.span > nSteps) state.span = nSteps; // all of it is seen: nothing to say
    else bound("span", Math.min(MIN_SPAN, nSteps, most.span), most.span, "steps that the page shows at once");
    state.span = Math.min(state.span, most.span);
    if (state.at >= nSteps) problems.push(`step ${state.at} is past the end; ${about.name} has ${steps(nSteps)}`);
    state.at = clamp(state.at, 0, Math.max(0, nSteps - state.span));
    bound("before", 0, MAX_OFF, "steps that a constraint can take");
    bound("after", 0, MAX_OFF, "steps that a constraint can take");
    bound("rows", 1, MAX_ROWS, "rows that the page lists");
    const wrong = windowProblem(values.start, values.stop, nSteps, about.name, most.window);
    if (wrong) problems.push(wrong);
    if (wrong || values.start === undefined || state.pattern) state.start = state.stop = null;
    return { state, problems };
  }

  function steps(count) {
    return count === 1 ? "1 step" : `${count} steps`;
  }

  function windowProblem(start, stop, nSteps, name, most) {
    if (start === undefined && stop === undefined) return null;
    if (start === undefined || stop === undefined) return "the link has only one end of a window; give both start and stop";
    if (start >= stop) return `the link's window [${start}, ${stop}) is empty; stop must be greater than start`;
    if (stop > nSteps) return `the link's window ends at step ${stop}; ${name} has ${steps(nSteps)}`;
    if (stop - start > most) return `the link's window is ${stop - start} steps long; the page takes at most ${most}`;
    return null;
  }

  function clamp(value, low, high) {
    return Math.min(high, Math.max(low, value));
  }

  function short(text) {
    return text.length > 40 ? text.slice(0, 40) + "…" : text;
  }

  lv.url = { parse, format, key, fit, clamp, limits, rowBytes, ROWS, MIN_SPAN, MAX_SPAN, MAX_OFF, MAX_WINDOW, MAX_ROWS, MAX_THRESHOLD };
  if (typeof module !== "undefined") module.exports = lv.url;
})(typeof window !== "undefined" ? window : globalThis);
