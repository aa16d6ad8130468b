/* What follows from the state and the loaded tiles: the present source, its cut, the selected units. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const firsts = new WeakMap(); // axis -> tokens of the first tile seen
  const cuts = new Map(); // "source threshold" -> cut, for thresholds that only the server can turn into one

  const model = {
    dump: null, // data.Dump
    source: null,
    axis: null,
    tracks: [],
    cut: null, // null while the server is asked
    units: [], // selected; null while their states load
    nMissing: 0, // where none is selected: units that have a NaN in the window
    problem: null, // why there can be no selection, in words
    isComplete: true, // every visible tile is here
    since: null, // when the page began to wait, ms
    arrived,
    use,
    refresh,
    row,
    shown,
    firstShown,
    value,
    sequenceOf,
    bordersIn,
    countOn,
  };
  let lastKey = null;

  /* Take up a dump and a source of it. */
  function use(dump, sourceName) {
    model.dump = dump;
    model.source = dump.about.sources.find((source) => source.name === sourceName);
    model.axis = dump.about.axes[model.source.axis];
    model.tracks = dump.about.tracks.filter((track) => track.axis === model.axis.index);
    lastKey = null;
  }

  /* Bring everything up to the state. Called before drawing; cheap where nothing changed. */
  function refresh() {
    const state = lv.state.current;
    if (!model.dump) return;
    if (model.source.name !== state.source) use(model.dump, state.source);
    const states = model.dump.statesOf(model.source);
    const steps = model.dump.stepsOf(model.axis);
    const [from, to] = [state.at, state.at + state.span];
    lv.data.lookAgain();
    const here = [states.need(from - 1, to + 1), steps.need(from - 1, to + 1)];
    model.isComplete = here.every(Boolean);
    if (model.isComplete) {
      lv.notice.clear("data");
      if (hasRoomBeside(states)) states.need(from - states.length, to + states.length, true);
      steps.need(from - steps.length / 4, to + steps.length / 4, true);
    }
    const key = [lv.url.key(state), state.start === null ? "" : here.join()].join();
    if (key !== lastKey || model.units === null) {
      model.cut = cutNow(state);
      model.units = selectNow(state, states, steps);
      lastKey = key;
    }
    wait(!model.isComplete || model.units === null);
  }

  /* Is there room for tiles beside the view without those of the view or the window going? */
  function hasRoomBeside(states) {
    const { span, start, stop } = lv.state.current;
    const steps = span + 6 * states.length + (start === null ? 0 : stop - start);
    return steps * lv.url.rowBytes(model.source) <= lv.data.ROOM;
  }

  function cutNow(state) {
    const { view, index } = model.source;
    const cut = lv.select.cutFor(view, state.threshold, model.dump.about.tanh_cuts);
    if (cut !== null) return cut;
    const key = `${state.dump} ${index} ${state.threshold}`;
    if (cuts.has(key)) return cuts.get(key);
    cuts.set(key, null);
    lv.data.json(`d/${state.dump}/cut/${index}?t=${state.threshold}`).then(
      (answer) => {
        cuts.set(key, answer.cut === null ? Math.sign(state.threshold) * Infinity : answer.cut);
        lv.notice.clear("cut");
        arrived();
      },
      (error) => {
        cuts.delete(key);
        lv.notice.say("cut", `The threshold ${state.threshold} could not be looked up: ${error.message}`);
      },
    );
    return null;
  }

  function selectNow(state, states, steps) {
    const { start, stop, before, after } = state;
    model.problem = null;
    if (state.pattern) return lv.patternfile.unitsOf(model.source.name);
    if (start === null) return [];
    const [from, to] = [Math.max(0, start - before), Math.min(model.axis.n_steps, stop + after)];
    const isHere = [states.need(from, to), steps.need(from, to)].every(Boolean);
    if (!isHere || model.cut === null) return null;
    const sequence = lv.select.sequenceAround(bordersIn(from, to), start, from, to);
    if (stop > sequence[1]) {
      model.problem = `The window crosses the border of a sequence at step ${lv.scale.grouped(sequence[1])}: brush inside one sequence.`;
      return [];
    }
    const nUnits = model.source.n_units;
    const units = lv.select.selectUnits({ row, nUnits, cut: model.cut, start, stop, before, after, sequence });
    model.nMissing = units.length ? 0 : lv.select.countMissing(row, nUnits, start, stop);
    return units;
  }

  /* How many units of the brush, or of the opened pattern, are on at each step of [from, to). */
  function countOn(from, to) {
    if (!lv.state.current.pattern) return lv.select.countOn(row, model.units || [], model.cut, from, to);
    const answered = (lv.matches.answer() || {}).units || [];
    const parts = answered.filter((unit) => unit.source === model.source.name);
    return lv.select.countParts(row, parts, from, to);
  }

  /* The recorded values at a step, or null while they load. */
  function row(step) {
    const states = model.dump.statesOf(model.source);
    const tile = states.at(step);
    if (!tile) return null;
    const n = model.source.n_units;
    const k = step % states.length;
    return tile.subarray(k * n, k * n + n);
  }

  function stepTile(step) {
    return model.dump.stepsOf(model.axis).at(step);
  }

  /* How the token at a step is shown, or null while it loads. */
  function shown(step) {
    const tile = stepTile(step);
    if (!tile) return null;
    return tile.shown ? tile.shown[step - tile.first] : { text: "·", kind: "missing" };
  }

  /* Tokens of the axis by which it is told how wide its text is: those of the first tile seen. */
  function firstShown() {
    const { at } = lv.state.current;
    if (!firsts.has(model.axis) && stepTile(at)) firsts.set(model.axis, stepTile(at).shown || []);
    return firsts.get(model.axis) || [];
  }

  /* A track's value at a step, or null. */
  function value(track, step) {
    const tile = stepTile(step);
    const values = tile && tile.tracks[track.name];
    return values ? values[step - tile.first] : null;
  }

  /* First steps of sequences in [from, to), as far as loaded. */
  function bordersIn(from, to) {
    const found = [];
    for (let k = Math.floor(Math.max(0, from) / lv.data.STEP_TILE); k * lv.data.STEP_TILE < to; k++) {
      const tile = stepTile(k * lv.data.STEP_TILE);
      if (tile) for (const border of tile.borders) if (border >= from && border < to) found.push(border);
    }
    return found;
  }

  /* The sequence around a step, no further than the tiles beside it that are loaded. */
  function sequenceOf(step) {
    const reach = lv.data.STEP_TILE;
    let [from, to] = [Math.floor(step / reach) * reach, Math.floor(step / reach) * reach + reach];
    while (from > 0 && step - from < lv.url.MAX_WINDOW && stepTile(from - 1)) from -= reach;
    while (to < model.axis.n_steps && to - step < lv.url.MAX_WINDOW && stepTile(to)) to += reach;
    to = Math.min(to, model.axis.n_steps);
    return lv.select.sequenceAround(bordersIn(from, to), step, from, to);
  }

  function arrived() {
    lv.frame.ask("base", "overlay", "strip", "units");
  }

  function wait(isWaiting) {
    if (!isWaiting) model.since = null;
    else if (model.since === null) {
      model.since = performance.now();
      setTimeout(() => lv.frame.ask("overlay", "units"), 320);
    }
  }

  lv.model = model;
})(window);
