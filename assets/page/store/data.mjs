/* What the server has: about a dump, its states as raw bytes, its steps. Tiles are kept, the least used go first; never
   one that the last look at the page needed, so what is shown always ends up loaded. */

import { redraw } from "../dom/frame.mjs";
import { notify } from "../dom/notice.mjs";
import { nBytes, readNumbers } from "../lib/numbers.mjs";
import { showTokens } from "../lib/tokens.mjs";
import { getJson, request } from "./request.mjs";

const STATE_TILE = 128; // steps a request; a power of two, aligned
const TILE_BYTES = 256 * 1024; // of states in one request; wide sources come in fewer steps
export const STEP_TILE = 512; // steps a request: tokens are small
export const TILE_ROOM = 128 * 1024 * 1024; // bytes kept of all sources together
const AGAIN = 2000; // ms until a failed tile is asked for again
/** @type {Map<Tile, Tiles>} */
const queue = new Map(); // loaded tile -> its Tiles; the one used last comes last
let bytes = 0;
let look = 0; // counts the looks at the page; a tile is marked with the last one that needed it

/* Tiles of one array. `load(first, stop)` fetches one; `size(tile)` tells its bytes. */
export class Tiles {
  /**
   * @param {number} length
   * @param {number} nSteps
   * @param {(first: number, stop: number) => Promise<any>} load
   * @param {(tile: any) => number} size
   */
  constructor(length, nSteps, load, size) {
    this.length = length;
    this.nSteps = nSteps;
    this.load = load;
    this.size = size;
    /** @type {Map<number, Tile>} */
    this.tiles = new Map(); // index -> {k, value, failed, look}
  }

  /** @param {number} step */
  at(step) {
    const tile = this.tiles.get(Math.floor(step / this.length));
    return tile && tile.value !== undefined ? tile.value : null;
  }

  /**
   * Ask for every tile of [from, to) that is not here; true if all are. One that is only prefetched may go again; a quiet
   * one is drawn once something needs it.
   * @param {number} from
   * @param {number} to
   * @param {boolean} [isPrefetch]
   * @param {boolean} [isQuiet]
   */
  need(from, to, isPrefetch, isQuiet = false) {
    let complete = true;
    const last = Math.ceil(Math.min(to, this.nSteps) / this.length);
    for (let k = Math.max(0, Math.floor(from / this.length)); k < last; k++) {
      let tile = this.tiles.get(k);
      if (!tile || (tile.failed && performance.now() - tile.failed > AGAIN)) tile = this.fetch(k);
      tile.isQuiet = isQuiet && tile.isQuiet !== false;
      if (!isPrefetch) tile.look = look;
      if (tile.value === undefined) complete = false;
      else {
        queue.delete(tile);
        queue.set(tile, this);
      }
    }
    return complete;
  }

  /* Load again what is here; what was there shows until then. */
  renew() {
    for (const tile of this.tiles.values()) {
      const first = tile.k * this.length;
      if (tile.value === undefined) continue;
      this.load(first, Math.min(this.nSteps, first + this.length)).then((value) => {
        bytes += this.size(value) - this.size(tile.value);
        tile.value = value;
        statesArrived();
      }, ignore);
    }
  }

  /** @param {number} k */
  fetch(k) {
    /** @type {Tile} */
    const tile = { k };
    this.tiles.set(k, tile);
    const first = k * this.length;
    this.load(first, Math.min(this.nSteps, first + this.length)).then(
      (value) => {
        tile.value = value;
        queue.set(tile, this);
        bytes += this.size(value);
        trim(tile);
        if (!tile.isQuiet) statesArrived();
      },
      (error) => {
        tile.failed = performance.now();
        if (!error.isLost) notify("data", `Some steps could not be loaded: ${error.message}. Trying again.`);
        setTimeout(() => statesArrived(), AGAIN + 50);
      },
    );
    return tile;
  }
}

function ignore() {
  // what was there stays, and the next look at it asks again
}

/* Steps or cuts came that what is drawn may have waited for. */
export function statesArrived() {
  redraw("base", "overlay", "strip", "units", "selection");
}

/** @param {Tile} keep */
function trim(keep) {
  for (const [tile, owner] of queue) {
    if (bytes <= TILE_ROOM) return;
    if (tile === keep || tile.look === look) continue;
    queue.delete(tile);
    owner.tiles.delete(tile.k);
    bytes -= owner.size(tile.value);
  }
}

/* What was needed up to now may go if nobody needs it again. */
export function lookAgain() {
  look++;
}

/** @param {Source} source */
export function stateTileLength(source) {
  let length = STATE_TILE;
  while (length > 1 && length * source.n_units * nBytes(source.dtype) > TILE_BYTES) length /= 2;
  return length;
}

/* One dump, opened: `about` plus tiles made when first asked for. */
export class Dump {
  /** @param {About} about */
  constructor(about) {
    this.about = about;
    /** @type {Map<number, Tiles>} */
    this.states = new Map();
    /** @type {Map<number, Tiles>} */
    this.steps = new Map();
  }

  /** @param {string} name */
  sourceOf(name) {
    return this.about.sources.find((source) => source.name === name);
  }

  /** @param {Source} source */
  statesOf(source) {
    if (!this.states.has(source.index)) {
      const valueBytes = nBytes(source.dtype);
      /**
       * @param {number} first
       * @param {number} stop
       */
      const load = async (first, stop) =>
        readNumbers(
          await (await request(`d/${this.about.uuid}/states/${source.index}/${first}/${stop}`)).arrayBuffer(),
          valueBytes,
        );
      const nSteps = this.about.axes[source.axis].n_steps;
      this.states.set(source.index, new Tiles(stateTileLength(source), nSteps, load, (tile) => tile.byteLength));
    }
    return this.states.get(source.index);
  }

  /**
   * Ask for the states of a source at [from, to), and for what else is shown of these steps.
   * @param {string} name
   * @param {number} from
   * @param {number} to
   */
  needAt(name, from, to) {
    const source = this.sourceOf(name);
    this.statesOf(source).need(from, to);
    this.stepsOf(this.about.axes[source.axis]).need(from, to);
  }

  /**
   * Take up tracks that have changed, and load the steps that are here with them.
   * @param {About} about
   */
  retrack({ tracks, tracks_revision: revision }) {
    Object.assign(this.about, { tracks, tracks_revision: revision });
    for (const steps of this.steps.values()) steps.renew();
  }

  /** @param {Axis} axis */
  stepsOf(axis) {
    if (!this.steps.has(axis.index)) {
      /**
       * @param {number} first
       * @param {number} stop
       */
      const load = async (first, stop) => {
        const { uuid, tracks_revision: revision } = this.about;
        const query = revision ? `?tracks=${revision}` : "";
        const tile = await getJson(`d/${uuid}/steps/${axis.index}/${first}/${stop}${query}`);
        tile.first = first;
        tile.shown = tile.tokens ? showTokens(tile.tokens, tile.unknown) : null;
        return tile;
      };
      /** @param {StepTile} tile */
      const size = (tile) => STEP_TILE * (100 + 16 * Object.keys(tile.tracks).length); // about
      this.steps.set(axis.index, new Tiles(STEP_TILE, axis.n_steps, load, size));
    }
    return this.steps.get(axis.index);
  }
}

/** @param {string} uuid */
export async function fetchDump(uuid) {
  return new Dump(await getJson(`d/${encodeURIComponent(uuid)}/about.json`));
}
