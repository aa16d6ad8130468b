/* What the server answers, and what is made of it. Names with underscores are the server's. */

/* ---- Matches */

/* A state as it is put to the match engine. `whole` is the page's own question where that of A is listed. */
interface Question extends State {
  key: string;
  offset: number;
  whole: State & { key: string };
  isPage?: boolean;
}

interface MatchAnswer {
  key?: string;
  error: string | null;
  ms: number;
  n_units: number;
  counts: [shared: number, total: number][];
  complete: boolean;
  counts_follow?: boolean; // the summary will have them all
  text_before: number;
  n_listed: number | null;
  n_groups: number;
  shared_from?: number | null;
  region?: Region;
  pattern?: string;
  question: Question;
}

/* What came, with the rows. */
interface GivenMatches extends Omit<MatchAnswer, "question"> {
  key: string;
  offset: number;
  rows: Row[];
  groups: Group[];
}

interface Row {
  start: number;
  stop: number;
  sequence: number;
  length: number;
  n_shared: number;
  n_union: number;
  first: number; // step of the first cell
  tokens: (string | null)[] | null;
  on: (number | null)[]; // null outside the sequence
  tracks: Record<string, TrackValue[]>;
  values: (number | null)[] | null;
  is_hidden: boolean;
  is_marked: boolean;
  group: number | null;
  colour?: string; // the unit by which `values` were asked for
}

interface Group {
  index: number;
  name: string | number | null;
  n: number;
  first: number;
}

interface Region {
  n_steps: number;
  n_points: number;
  n_tokens: number;
  tokens: [token: string, nSteps: number, share: number][];
}

/* A line of the list: a match, or the heading of a group. */
type Item = RowItem | GroupItem;
interface RowItem {
  kind: "row";
  row: Row;
  place: number;
  top: number;
  height: number;
}
interface GroupItem {
  kind: "group";
  group: Group;
  isFolded: boolean;
  top: number;
  height: number;
}

interface Column {
  name: string;
  kind: string;
  left: number;
  width: number;
  from: number;
  n: number;
  track?: Track;
}

/* What the columns of the table are worked out from: see lib/columns.mjs. */
interface LayoutQuestion {
  width: number;
  used: [from: number, to: number];
  before: number;
  nUnits: number;
  isChars: boolean;
  hasTokens: boolean;
  unit: string | null;
  tracks: Track[];
}

/* ---- What the matches have in common */

interface Summary {
  key?: string;
  error: string | null;
  is_region?: boolean;
  n_units: number;
  n_full: number;
  n_hidden: number;
  complete: boolean;
  counts: [shared: number, total: number][];
  counting_ms: number;
  lengths: [shared: number, length: number, count: number][];
  barcode: Barcode;
  carry: { n_matches: number; tracks: CarriedTrack[] };
}

interface Barcode {
  width: number;
  n_steps: number;
  n_matches: number[];
  n_steps_in: number[];
}

interface CarriedTrack {
  name: string;
  kind: "number" | "category";
  n_steps: number;
  n_corpus: number;
  n_values: number;
  values: CarriedValue[];
}

interface CarriedValue {
  value: string;
  low: number | null;
  high: number | null;
  share: number;
  base_rate: number;
  n_steps: number;
  n_corpus: number;
}

/* What a unit does, as d/UUID/unit says it. */
interface UnitCard {
  on_rate: number | null;
  n_runs: number;
  median_run: number;
  n_nan: number;
  cut: number | null;
  tracks: UnitTrack[];
  [name: string]: any;
}

interface UnitTrack {
  name: string;
  kind: "number" | "category";
  r: number | null;
  on_rate: number | null;
  n_steps: number;
  table: { value: (string | number)[]; on_rate: (number | null)[]; n_steps: number[] } | null;
}

/* How many units each threshold selects. */
interface Curve {
  threshold: number[];
  n_units: number[];
}

/* A stretch of thresholds that select as many units. */
interface Stretch {
  n: number;
  from: number;
  to: number;
}

/* Lengths from .. to that share a bar. */
interface Bin {
  from: number;
  to: number;
}

/* How many matches have one of a bar's lengths: with all units on, and in all. */
interface LengthBar extends Bin {
  strict: number;
  fuzzy: number;
}

/* Bounds of a match's length. */
interface Bounds {
  minLength: number;
  maxLength: number | null;
}

/* ---- The map */

type Corner = number[]; // x and y on the plane of the map
interface View {
  scale: number;
  x: number;
  y: number;
}

/* What the map shows, as far as it is here: see store/map-data.mjs. */
interface MapData {
  key: string;
  about: any;
  job: MapJob;
  problem: string | null;
  map: any;
  ids: Int32Array;
  points: Float32Array;
  tokens: string[] | null;
  colour: any;
  path: MapPath;
  asked?: string;
  signal?: AbortSignal;
}

interface MapJob {
  state: string;
  share: number;
  words: string;
}

/* The window as a line through the map. */
interface MapPath {
  key: string;
  start: number;
  points: ([x: number, y: number] | [null, null])[];
  borders: number[];
  is_exact: boolean;
}

/* ---- Texts typed here, run through the model beside the dump */

interface TypedTrack {
  name: string;
  kind: "number" | "category";
  labels: string[];
  concerns: "step" | "next";
  group: string | null;
  values: (number | null)[];
  low: number;
  high: number;
}

interface TextAnswer {
  text: string;
  tokens: string[];
  shown: ShownToken[];
  is_known: boolean[];
  has_unknown: boolean;
  tracks: TypedTrack[];
  states: Map<string, { n: number; values: Floats }>;
}

interface Alignment {
  pairs: Int32Array;
  kinds: string[];
  gone: [place: number, places: number[]][];
}

/* What the server says of the model beside a dump. */
interface Typing {
  problem: string | null;
  is_absent?: boolean;
  words?: string;
  level?: "char" | "word";
  has_unknown?: boolean;
  task?: string;
  n_vocab?: number;
  some?: string[];
}

/* ---- The start page */

interface DumpCard {
  uuid: string;
  name: string;
  detail: string;
  model: string;
  created: string;
  n_steps: number;
  sources: string[];
  is_complete: boolean;
  picture: [source: number, nUnits: number, bytes: number, view: string] | null;
}

interface Offer {
  name: string;
  model: string;
  about: string;
  question: string;
  command: string;
  members: string[];
  state: "none" | "waiting" | "working" | "failed" | "kept";
  words: string;
  share: number | null;
  dumps: string[];
}

/* ---- What becomes of the predictions when units are held, as d/UUID/ablation says it; in nats. */

interface AblationPlace {
  place: "here" | "after" | "elsewhere";
  n_steps: number;
  kl: number | null;
  loss: number | null;
  kl_others: number | null;
  kl_others_most: number | null;
  p: number | null;
}

interface Ablation {
  to: string;
  n_units: number;
  p: number | null;
  places: AblationPlace[];
  tokens: { token: string; n_steps: number; kl: number; loss: number | null; kl_others: number | null; p: number | null }[];
  others: { units: string[]; kl: number[] };
}

/* ---- Whether it is more than chance, and which units say it */

/* The answer of d/UUID/enrichment: a row for each value of a track, or why there is none. */
interface Evidence {
  track: string;
  error?: string;
  left_out?: string;
  n_values?: number; // that p was adjusted for; rows has the most frequent ones
  n_sequences?: number;
  n_unknown?: number;
  rows?: EvidenceRow[];
}

interface EvidenceRow {
  value: string;
  share_low: number | null;
  share_high: number | null;
  recall: number;
  f1: number;
  f1_always: number;
  p: number | null;
  q: number | null;
  by: "swaps" | "draws" | "shifts";
}

/* The answer of d/UUID/rank. */
interface Ranking {
  sources: string[];
  is_part: boolean;
  n_units: number;
  f1_always: number;
  rows: RankedUnit[];
}

interface RankedUnit extends UnitName {
  threshold: number;
  f1: number;
  auc: number;
  auc_low: number | null;
  auc_high: number | null;
  q: number | null;
  by: string;
}

/* The answer of d/UUID/detector: a pattern file's text, and how well it does. */
interface Detected {
  pattern: string;
  n_units: number;
  f1: number;
  f1_always: number;
}
