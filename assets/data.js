/* What the server has: about a dump, its states as raw bytes, its steps. Tiles are kept, the least used go first. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const STATE_TILE = 128; // steps a request; a power of two, aligned
  const STEP_TILE = 512; // steps a request: tokens are small
  const ROOM = 128 * 1024 * 1024; // bytes of states kept
  const AGAIN = 2000; // ms until a failed tile is asked for again

  /* The path that the app is served under, as Dash was told it. */
  function base() {
    const config = document.getElementById("_dash-config");
    return (config && JSON.parse(config.textContent).requests_pathname_prefix) || "/";
  }

  /* A response that is not an error, or an Error whose message is one line for a person. */
  async function get(path, options) {
    let response;
    try {
      response = await fetch(base() + path, options);
    } catch (error) {
      throw new Error("the server does not answer; is it still running?");
    }
    if (response.ok) return response;
    const told = await response.json().catch(() => ({}));
    throw new Error(told.error || `the server answered ${response.status} to ${path}`);
  }

  async function json(path, options) {
    return (await get(path, options)).json();
  }

  /* Tiles of one array. `load(first, stop)` fetches one; `size(tile)` tells its bytes. */
  class Tiles {
    constructor(length, nSteps, load, size) {
      Object.assign(this, { length, nSteps, load, size, bytes: 0 });
      this.tiles = new Map(); // index -> {value, failed}
    }

    at(step) {
      const tile = this.tiles.get(Math.floor(step / this.length));
      return tile && tile.value !== undefined ? tile.value : null;
    }

    /* Ask for every tile of [from, to) that is not here; true if all are. */
    need(from, to) {
      let complete = true;
      const last = Math.ceil(Math.min(to, this.nSteps) / this.length);
      for (let k = Math.max(0, Math.floor(from / this.length)); k < last; k++) {
        const tile = this.tiles.get(k);
        if (tile && tile.value !== undefined) {
          this.tiles.delete(k); // to the end of the queue: used last
          this.tiles.set(k, tile);
          continue;
        }
        complete = false;
        if (!tile || (tile.failed && performance.now() - tile.failed > AGAIN)) this.fetch(k);
      }
      return complete;
    }

    fetch(k) {
      const tile = {};
      this.tiles.set(k, tile);
      const first = k * this.length;
      this.load(first, Math.min(this.nSteps, first + this.length)).then(
        (value) => {
          tile.value = value;
          this.bytes += this.size(value);
          this.trim(k);
          lv.model.arrived();
        },
        (error) => {
          tile.failed = performance.now();
          lv.notice.say("data", `Some steps could not be loaded: ${error.message}. Trying again.`);
          setTimeout(() => lv.model.arrived(), AGAIN + 50);
        },
      );
    }

    trim(keep) {
      for (const [k, tile] of this.tiles) {
        if (this.bytes <= ROOM) return;
        if (k === keep || tile.value === undefined) continue;
        this.tiles.delete(k);
        this.bytes -= this.size(tile.value);
      }
    }
  }

  /* One dump, opened: `about` plus tiles made when first asked for. */
  class Dump {
    constructor(about) {
      this.about = about;
      this.states = new Map();
      this.steps = new Map();
    }

    statesOf(source) {
      if (!this.states.has(source.index)) {
        const Numbers = source.dtype === "float64" ? Float64Array : Float32Array;
        const load = async (first, stop) =>
          new Numbers(await (await get(`d/${this.about.uuid}/states/${source.index}/${first}/${stop}`)).arrayBuffer());
        const nSteps = this.about.axes[source.axis].n_steps;
        this.states.set(source.index, new Tiles(STATE_TILE, nSteps, load, (tile) => tile.byteLength));
      }
      return this.states.get(source.index);
    }

    stepsOf(axis) {
      if (!this.steps.has(axis.index)) {
        const load = async (first, stop) => {
          const tile = await json(`d/${this.about.uuid}/steps/${axis.index}/${first}/${stop}`);
          tile.first = first;
          tile.shown = tile.tokens ? tile.tokens.map(lv.tokens.show) : null;
          return tile;
        };
        this.steps.set(axis.index, new Tiles(STEP_TILE, axis.n_steps, load, () => 0));
      }
      return this.steps.get(axis.index);
    }
  }

  async function open(uuid) {
    return new Dump(await json(`d/${encodeURIComponent(uuid)}/about.json`));
  }

  lv.data = { open, json, STATE_TILE, STEP_TILE };
})(window);
