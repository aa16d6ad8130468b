/* What modules hand to each other, and what of the browser and of Dash they use. */

/* ---- What modules hand to each other */

type Menu = ReturnType<typeof import("../dom/menu.mjs").makeMenu>;

/* A part of the page that comes when it is needed: see shell/later.mjs. */
interface Room {
  name: string;
  words: string; // what it is, for whoever reads that it could not be loaded
  isNeeded: () => boolean;
  load: () => Promise<RoomHooks>;
}

/* What a room has for tests, by name. */
type RoomHooks = Record<string, () => any>;

/* A card beside the views: see cards/card.mjs. */
interface Card {
  place: HTMLElement;
  body: HTMLElement;
  tools: HTMLElement;
  title: HTMLElement;
  fold: (isFolded: boolean) => void;
  isFolded: () => boolean;
  measure: () => void;
  width: () => number;
  isPressed: () => boolean; // a button of it is held down
}

/* A value of a track at the matches, as a row shows it: see cards/carried-row.mjs. */
interface CarriedRow {
  track: CarriedTrack;
  value: CarriedValue;
  name: string; // the track's, as it is shown
  called: string; // the value with its track, in words
  isAllowed: boolean | null; // by the filters
  isRegion: boolean;
  isFound: boolean; // its units are listed
  evidence: EvidenceRow | null;
  end: number; // of the bars, a share
  toggle: ((isMore: boolean) => void) | null; // null: nothing is filtered by it
  find: (() => void) | null;
}

/* Units that are looked for at a label: see store/finding.mjs. */
interface Finding {
  dump: string;
  source: string;
  hypothesis: Filter | null;
  region: any; // the selection whose region of the map is asked about, in place of a hypothesis
  name: string;
  ranking: Ranking | null;
  detected: Detected | null;
  doing: string | null; // what is going on, in words
  problem: string | null;
}

/* What follows from the state and the loaded tiles: see store/model.mjs. Before a recording is shown its parts are null. */
interface Model {
  dump: Dump;
  source: Source;
  axis: Axis;
  tracks: Track[];
  cut: number | null;
  chosen: Unit[] | null;
  units: number[] | null;
  nMissing: number;
  nLooked: number;
  problem: string | null;
  isComplete: boolean;
  isShaded: boolean;
  since: number | null;
  use(dump: Dump, sourceName: string): void;
  refresh(): void;
  sourceOf(name: string): Source | undefined;
  row(step: number): Floats | null;
  rowsOf(source: Source): Rows;
  shown(step: number): ShownToken | null;
  firstShown(): ShownToken[];
  value(track: Track, step: number): TrackValue;
  sequenceOf(step: number): [from: number, to: number];
  sequenceAt(border: number): number | null;
  bordersIn(from: number, to: number): number[];
  countOn(from: number, to: number, units?: Unit[]): Uint16Array;
  countSides(from: number, to: number): Record<Side, { counts: Uint16Array; n: number }>;
  onSide(side: Side, source?: string): Unit[];
  wouldSelect(changes: Changes): Unit[]; // with some parts of the brush changed
}

/* The colours and faces of the present theme: see dom/theme.mjs. */
interface Colours {
  [name: string]: any;
  shade(share: number): string;
  lowShade(share: number): string;
  diverge(share: number): string;
  sequence(share: number): string;
  category(k: number): string;
  ink(ground: string): string;
}

/* A menu that picks one of a list: see dom/dropdown.mjs. */
interface Dropdown {
  word: string;
  title: string;
  usual: string | null;
  options: () => string[][];
  value: () => any;
  words?: (value: string) => string;
  pick: (value: string) => unknown;
  more?: (panel: HTMLElement, choose: (value: string) => void) => void;
}

/* A long list of which only what is seen is made: see dom/virtual-list.mjs. */
interface ListOf {
  height: number;
  label: string;
  load: (from: number, limit: number, signal: AbortSignal) => Promise<{ total: number; rows: any[] }>;
  fill: (item: HTMLElement, row: any, index: number) => void;
  pick: (row: any, index: number) => void;
  onTotal: (total: number, problem: string | null) => void;
}

/* Whose lines a painter draws: see corpus/lines.mjs. */
interface LinesOf {
  dump: () => string;
  source: () => Source;
  row: Rows;
  height: () => number;
  cut: () => number | null; // the recorded value of the threshold; null while the server is asked
}

/* What the threshold card asks of the present brush. */
interface ThresholdQuestion {
  sides: Side[];
  path: (side: Side) => string;
  why: (unit: HeldUnit, threshold: number, side: Side) => string;
}

/* One side of a comparison, as the server tells it. */
interface Compared {
  dump: string;
  name: string;
  units: (UnitName & { threshold: number })[];
  n_units: number;
  n_matches: number;
  off_before: number;
  off_after: number;
  lengths: [least: number, median: number, most: number] | null;
  by_length: [length: number, count: number][];
}

/* How the matches of two patterns overlap, and those of one that meet none of the other's. */
interface Overlap {
  n_first: number;
  n_second: number;
  n_first_met: number;
  n_second_met: number;
  n_same: number;
  n_first_steps: number;
  n_second_steps: number;
  n_both_steps: number;
}
interface Alone {
  n: number;
  rows: Hit[];
}

/* A hit of the text search, and a sequence, with the text around or of it. */
interface Hit {
  start: number;
  stop: number;
  first: number;
  tokens: string[];
  unknown: number[]; // places of the tokens that the model does not know
}
interface Sequence {
  index: number;
  start: number;
  stop: number;
  labels: Record<string, string | number | null>;
  tokens: string[] | null;
}

/* The states that a card of the start page draws. */
interface Thumbnail {
  values: Floats;
  nSteps: number;
  nUnits: number;
  isTanh: boolean;
}

/* A row under a typed text's tokens. */
interface TypedRow {
  name: string;
  kind: "bars" | "label" | "before" | "change";
  track?: TypedTrack;
  sure?: TypedTrack;
}

/* A piece of an array, on its way or here: see store/data.mjs. */
interface Tile {
  k: number;
  value?: any;
  failed?: number;
  look?: number;
  isQuiet?: boolean; // nothing that is shown waits for it
}

/* A stretch of the table of matches with a canvas of its own. */
interface Block {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  links: HTMLElement;
  marks?: SVGElement | HTMLElement;
  items: Item[];
  top: number;
}

/* The same before it is made: see lib/match-list.mjs. */
interface LaidBlock {
  top: number;
  height: number;
  items: Item[];
}

/* A text of a pair as it is drawn: see pair/lanes.mjs. `isDown`: its tokens are the rows of the heat map, `row` px each. */
interface PairLane {
  isTop: boolean;
  place: HTMLElement;
  text: PairText;
  isHere: boolean;
  whole: number[]; // px of the tokens' edges in the whole text
  edges: number[]; // the same in view
  room: number; // px in view
  shift: number; // px of the text before the view
  isDown: boolean;
  row: number;
}

/* Where a typed text is drawn. */
interface TypedPlaces {
  body: HTMLElement;
  plot: HTMLElement;
  strip: HTMLElement;
  scroller: HTMLElement;
}

/* ---- Dash, and what the browser tests read */

declare const dash_clientside: { no_update: unknown; set_props(id: string, props: object): void };
/* What is found in the page by a selector is an element of HTML. */
interface ParentNode {
  querySelector(selectors: string): HTMLElement | null;
  querySelectorAll(selectors: string): NodeListOf<HTMLElement>;
}
interface Element {
  closest(selectors: string): HTMLElement | null;
}
interface Window {
  dash_clientside: any;
  lvDebug: object;
}

/* What would select units where a brush selects none. */
interface Suggestion {
  label: string;
  changes: Changes;
  n: number; // units
}
