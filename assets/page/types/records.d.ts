/* The records that travel through the whole page: what is recorded, patterns, the state. Names with underscores are the
   server's, as JSON carries them. Read by tsc alone: a browser never gets this folder. */

type Dump = import("../store/data.mjs").Dump;
type Tiles = import("../store/data.mjs").Tiles;
type Side = "high" | "low";
type BrushSide = Side | "both";

/* ---- What is recorded, as d/UUID/about.json says it */

interface About {
  uuid: string;
  name: string;
  model: string | null;
  is_complete: boolean;
  recording: string[]; // how it was recorded, in short lines
  axes: Axis[];
  sources: Source[];
  tracks: Track[];
  tracks_revision: string; // new whenever an added track changes; "" where none ever was
  tanh_cuts: (number | null)[]; // by hundredths from -1 to 1; null: infinite
}

interface Axis {
  index: number;
  name: string;
  n_steps: number;
  n_sequences: number;
  has_tokens: boolean;
  join: string; // what stands between two tokens: "" or " "
  pairs: AxisPair[];
  pieces: string; // the rule by which pieces of words spell a text: "bytes", "prefix:##", ...; "" for whole tokens
}

/* An axis that is paired with one, sequence by sequence, and the names of the attention between the two. */
interface AxisPair {
  axis: number;
  attention: string[];
}

interface Source {
  index: number;
  name: string;
  axis: number;
  n_units: number;
  n_nan: number;
  dtype: string;
  view: "raw" | "tanh";
  low: number;
  high: number;
  opening: { threshold: number; share: number; n_brushes: number }; // at which threshold what share of brushes tried has a unit
  units: number[] | null;
  names: string[] | null; // of the units, such as those of input features
}

interface Track {
  index: number;
  name: string;
  axis: number;
  kind: "number" | "category";
  labels: string[];
  per: "step" | "sequence";
  concerns: "step" | "next";
  group: string | null;
  low: number;
  high: number;
  is_integer: boolean;
}

/* A value of a track at a step: a number, or the code of a label; null where there is none. */
type TrackValue = number | null | undefined;

/* The answer of d/UUID/steps: what stands at some steps. `first` and `shown` are added here. */
interface StepTile {
  first: number;
  first_sequence?: number;
  borders: number[];
  tokens: (string | null)[] | null;
  unknown: number[]; // places of the tokens that the model does not know
  tracks: Record<string, TrackValue[]>;
  shown: ShownToken[] | null;
}

interface ShownToken {
  text: string;
  kind: string; // "missing", "empty", "space", "escaped" or "plain"
  isUnknown?: boolean; // the model does not know it
}

type Floats = Float32Array | Float64Array;
type Rows = (step: number) => Floats | null | undefined; // the values of a source at a step, while they are here

/* ---- A pattern */

interface UnitName {
  source: string;
  unit: number;
  side: Side;
}

interface Unit extends UnitName {
  threshold: number;
  isPinned?: boolean;
  isPicked?: boolean;
  cut?: number | null; // what recorded values are compared with
}

/* Which unit is meant, on whichever side. */
interface HeldUnit {
  source: string;
  unit: number;
}

/* One source of a brush. */
interface Part {
  source: string;
  side: BrushSide;
  threshold: number;
}

interface Filter {
  track: string;
  labels?: string[];
  low?: number | null;
  high?: number | null;
  expression?: string; // a regular expression on the text itself, in place of a track
  over?: string;
}

type Span = [start: number, stop: number];

/* A pattern as a file holds it; lstmviz.match.PatternFile is its twin. */
interface PatternFile {
  pattern: {
    units: (UnitName & { threshold: number })[];
    filters?: Filter[];
    min_length?: number;
    max_length?: number;
    off_before: number;
    off_after: number;
    bases?: { source: string; threshold: number }[];
    [name: string]: any;
  };
  notes?: { dump?: string; name?: string; hidden?: Span[]; marked?: Span[]; chosen_by?: string; [name: string]: unknown };
  [name: string]: unknown;
}

/* What a brush asks of one source: see lib/select.mjs. */
interface Query {
  row: Rows;
  nUnits: number;
  cut: number;
  side?: Side;
  start: number;
  stop: number;
  before: number;
  after: number;
  sequence: [from: number, to: number];
}

/* ---- The state: what is shown and what is selected. lib/url-fields.mjs says what each part is at first. */

interface State {
  dump: string | null;
  source: string;
  at: number;
  span: number;
  start: number | null;
  stop: number | null;
  threshold: number;
  side: BrushSide;
  before: number;
  after: number;
  parts: Part[];
  excluded: (UnitName & { threshold?: number })[];
  pinned: Unit[];
  filters: Filter[];
  minLength: number;
  maxLength: number | null;
  hidden: Span[];
  marked: Span[];
  order: string;
  group: string;
  shared: number | null;
  exact: boolean;
  colour: string;
  shaded: UnitName[];
  underline: string;
  rowTokens: number | null;
  rows: number;
  tracks: string[] | null;
  looks: Record<string, string>;
  held: HeldUnit | null;
  view: string;
  mask: boolean;
  bars: boolean;
  leastRun: number;
  mapOf: string;
  mapMethod: string;
  mapColour: string | null;
  mapPaths: string | null;
  lasso: number[][] | null;
  beside: { dump: string; source: string } | null;
  pattern: string | null;
  text: string | null;
  was: string | null;
  typed: { text: string; start: number; stop: number } | null;
  ablated: HeldUnit[];
  ablatedTo: "mean" | "zero";
  carried: { units: HeldUnit[]; start: number; stop: number } | null;
  influence: boolean;
  pair: "lines" | "heat" | "off";
  pairWith: string;
  pairSource: string;
  pairAt: number | null;
  pairBrush: { start: number; stop: number } | null;
  versus: { dump: string; name: string; pattern: string } | null;
  lists: string | null;
}

type Changes = Partial<State>;
type How = "live" | "settle" | "push" | "restore"; // see store/state.mjs

interface Hover {
  unit: number | null;
  source: string | null;
  side: Side | null;
  step: number | null;
}
