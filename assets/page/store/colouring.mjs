/* What colours the tokens of the matches: how many units are on, a track, one unit's activation, or nothing. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  /* {kind: "shared" | "track" | "unit" | "", track, source, unit, reach} of the present choice. */
  function mode() {
    return read(lv.state.current.colour);
  }

  function read(colour) {
    if (colour.startsWith("track:")) {
      const track = lv.model.tracks.find((one) => one.name === colour.slice(6));
      return track ? { kind: "track", track } : { kind: "shared" };
    }
    const [, name, unit] = colour.match(/^unit:(.+):(\d+)$/) || [];
    if (name === undefined) return { kind: colour === "" ? "" : "shared" };
    const source = lv.model.sourceOf(name);
    return source ? { kind: "unit", source, unit: Number(unit), reach: Math.max(Math.abs(source.low), Math.abs(source.high)) || 1 } : { kind: "shared" };
  }

  const ofUnit = (source, unit) => `unit:${source}:${unit}`;

  /* What a choice is called. */
  function words(colour) {
    const one = read(colour);
    if (one.kind === "track") return lv.tokens.show(one.track.name).text;
    if (one.kind === "unit") return `unit ${lv.chips.words({ source: one.source.name, unit: one.unit, side: "high" })}`;
    const isRegion = Boolean((lv.matches.answer() || {}).region); // no unit is matched there
    return one.kind === "" || isRegion ? "nothing" : "matched units";
  }

  /* The choice that a column's heading stands for, or null. */
  function ofColumn(column) {
    if (column.kind === "track") return `track:${column.track.name}`;
    if (column.kind === "unit") return lv.state.current.colour;
    return column.kind === "on" ? "shared" : null;
  }

  /* The colour of a unit's value in cell `c` of a row; null while it is on its way, outside the sequence, or NaN. */
  function ofValue({ reach }, row, c) {
    const value = row.colour === lv.state.current.colour && row.values ? row.values[c] : null;
    return value === null ? null : lv.theme.colours().diverge(0.5 + value / reach / 2);
  }

  function choose(colour) {
    lv.state.change({ colour }, "settle");
    lv.frame.ask("matches");
  }

  /* The colour that goes with pressing a unit: its own, or what is usual once it is let go of. */
  function held(unit) {
    const { colour, held: before } = lv.state.current;
    if (unit) return ofUnit(unit.source, unit.unit);
    return before && colour === ofUnit(before.source, before.unit) ? "shared" : colour;
  }

  lv.colouring = { mode, words, ofUnit, ofColumn, ofValue, choose, held };
})(window);
