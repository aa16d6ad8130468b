/* What the server has: about a dump, its states as raw bytes, its steps. Tiles are kept, the least used go first; never
   one that the last look at the page needed, so what is shown always ends up loaded. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const STATE_TILE = 128; // steps a request; a power of two, aligned
  const TILE_BYTES = 256 * 1024; // of states in one request; wide sources come in fewer steps
  const STEP_TILE = 512; // steps a request: tokens are small
  const ROOM = 128 * 1024 * 1024; // bytes kept of all sources together
  const AGAIN = 2000; // ms until a failed tile is asked for again
  const queue = new Map(); // loaded tile -> its Tiles; the one used last comes last
  let bytes = 0;
  let look = 0; // counts the looks at the page; a tile is marked with the last one that needed it

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
      lv.server.lost();
      throw Object.assign(new Error("the server does not answer; is it still running?"), { isLost: true });
    }
    if (response.ok) return response;
    const told = await response.json().catch(() => ({}));
    throw new Error(told.error || `the server answered ${response.status} to ${path}`);
  }

  /* The answer to an object that is put to the server as JSON. */
  function post(path, body) {
    return get(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }

  async function json(path, options) {
    return (await get(path, options)).json();
  }

  /* Tiles of one array. `load(first, stop)` fetches one; `size(tile)` tells its bytes. */
  class Tiles {
    constructor(length, nSteps, load, size) {
      Object.assign(this, { length, nSteps, load, size });
      this.tiles = new Map(); // index -> {k, value, failed, look}
    }

    at(step) {
      const tile = this.tiles.get(Math.floor(step / this.length));
      return tile && tile.value !== undefined ? tile.value : null;
    }

    /* Ask for every tile of [from, to) that is not here; true if all are. One only hoped for may go again. */
    need(from, to, isHope) {
      let complete = true;
      const last = Math.ceil(Math.min(to, this.nSteps) / this.length);
      for (let k = Math.max(0, Math.floor(from / this.length)); k < last; k++) {
        let tile = this.tiles.get(k);
        if (!tile || (tile.failed && performance.now() - tile.failed > AGAIN)) tile = this.fetch(k);
        if (!isHope) tile.look = look;
        if (tile.value === undefined) complete = false;
        else {
          queue.delete(tile);
          queue.set(tile, this);
        }
      }
      return complete;
    }

    fetch(k) {
      const tile = { k };
      this.tiles.set(k, tile);
      const first = k * this.length;
      this.load(first, Math.min(this.nSteps, first + this.length)).then(
        (value) => {
          tile.value = value;
          queue.set(tile, this);
          bytes += this.size(value);
          trim(tile);
          lv.model.arrived();
        },
        (error) => {
          tile.failed = performance.now();
          if (!error.isLost) lv.notice.say("data", `Some steps could not be loaded: ${error.message}. Trying again.`);
          setTimeout(() => lv.model.arrived(), AGAIN + 50);
        },
      );
      return tile;
    }
  }

  function trim(keep) {
    for (const [tile, owner] of queue) {
      if (bytes <= ROOM) return;
      if (tile === keep || tile.look === look) continue;
      queue.delete(tile);
      owner.tiles.delete(tile.k);
      bytes -= owner.size(tile.value);
    }
  }

  /* What was needed up to now may go if nobody needs it again. */
  function lookAgain() {
    look++;
  }

  function stateTile(source) {
    let length = STATE_TILE;
    while (length > 1 && length * source.n_units * lv.numbers.nBytes(source.dtype) > TILE_BYTES) length /= 2;
    return length;
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
        const nBytes = lv.numbers.nBytes(source.dtype);
        const load = async (first, stop) =>
          lv.numbers.read(await (await get(`d/${this.about.uuid}/states/${source.index}/${first}/${stop}`)).arrayBuffer(), nBytes);
        const nSteps = this.about.axes[source.axis].n_steps;
        this.states.set(source.index, new Tiles(stateTile(source), nSteps, load, (tile) => tile.byteLength));
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
        const size = (tile) => STEP_TILE * (100 + 16 * Object.keys(tile.tracks).length); // about
        this.steps.set(axis.index, new Tiles(STEP_TILE, axis.n_steps, load, size));
      }
      return this.steps.get(axis.index);
    }
  }

  async function open(uuid) {
    return new Dump(await json(`d/${encodeURIComponent(uuid)}/about.json`));
  }

  lv.data = { open, get, json, post, base, lookAgain, ROOM, STEP_TILE };
  if (typeof module !== "undefined") module.exports = { Tiles, stateTile, lookAgain, ROOM };
})(typeof window !== "undefined" ? window : globalThis);
