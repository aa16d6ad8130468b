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
  n_shaded?: number | null; // units that shade the tokens; null: all of them
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
  unknown: number[]; // cells whose token the model does not know
  on: (number | null)[]; // null outside the sequence
  shades: (number | null)[] | null; // how many of the units that shade the tokens are on, where not all of them do
  tracks: Record<string, TrackValue[]>;
  values: (number | null)[] | null;
  pair: RowPair | null;
  is_hidden: boolean;
  is_marked: boolean;
  group: number | null;
  coloursAsked?: string | null; // what `values` or `shades` were asked for
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
  ahead?: number; // of words: px before the matches
  narrow?: number; // of words: the share of their width that they are written in
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
  pair?: string | null; // the name of the other text, if there is one
  unit: string | null;
  nTokens?: number | null;
  tracks: Track[];
  scale?: number; // of the type
  word?: number; // px of a word, in the mean
  isInColours?: (column: { kind: string; track?: Track }) => boolean; // the tokens' colours say what it would
}

/* The mean path of the trials of a condition on the map: [x, y, and one standard deviation along either] by time. */
interface ConditionPath {
  name: string;
  n: number; // trials
  time: number[];
  spots: [x: number, y: number, dx: number, dy: number][];
}

/* ---- A pair of texts: see lstmviz/ui/pairs.py */

interface PairText {
  axis: number;
  start: number; // of its sequence
  stop: number;
  first: number; // step of the first token that is sent
  tokens: string[];
  unknown: number[]; // places of the tokens that the model does not know
  shown: ShownToken[]; // added here
}

interface PairAnswer {
  uuid: string; // added here, as is `attention`
  attention: string | null;
  sequence: number;
  n_sequences: number;
  before: number | null; // first steps of the pairs beside it
  after: number | null;
  here: PairText; // on the axis of the plotted source
  there: PairText;
  attends: boolean; // is it `here` that attends?
  most: number; // the greatest weight
  weights: number[][]; // in thousandths of it, a row for each token that attends
}

/* The other text of a match. */
interface RowPair {
  first: number;
  is_cut: [before: boolean, after: boolean];
  tokens: string[];
  unknown: number[];
  weights: number[] | null; // hundredths of the greatest one
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
  carry: { n_matches: number; tracks: CarriedTrack[]; tokens: CarriedTrack[] }; // tokens: at, before and after the matches
}

interface Barcode {
  width: number;
  n_steps: number;
  n_matches: number[];
  n_steps_in: number[];
}

interface CarriedTrack {
  name: string;
  isOfTokens?: boolean;
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

/* ---- Tracks that are added, as d/UUID/tracks says it */

interface AddedTracks {
  revision: string;
  may: boolean; // whether this page may change them
  why: string; // and else why not
  added: { name: string; axis: number; kind: "number" | "category"; made: string }[];
  undo: string; // what would be undone, in words; "" for nothing
  ready: { name: string; words: string; takes: string }[];
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

/* A text that the model reads, alone or with something held: see store/typed-text.mjs. */
type TextRun =
  | string
  | {
      text: string;
      held: HeldUnit[];
      to: "mean" | "zero";
      carried: { donor: string; units: HeldUnit[]; start: number; stop: number } | null;
    };

interface TextAnswer {
  key: string; // of the run that it is the answer to
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
  level?: "char" | "word" | "token" | "number";
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
  recording: string; // the name of the recording that it is of, "" where it has none
  is_growing: boolean; // the recording goes on
}

/* ---- All units of a source at a glance, as d/UUID/survey/SOURCE.json says it: lists by column, one value a unit */

interface SurveyUnits {
  on_rate: number[];
  on_rate_low: number[];
  low: (number | null)[];
  high: (number | null)[];
  saturation: number[];
  half_life: (number | null)[];
  lasts: boolean[]; // its half-life is infinite
  track: (string | null)[]; // "": a token
  label: (string | null)[];
  side: (string | null)[];
  threshold: (number | null)[];
  f1: (number | null)[];
  f1_always: (number | null)[];
  rank: (number | null)[];
  tokens: string[][];
  order: number[];
  group: number[]; // 0: alone
  why: string[];
}

interface SurveyTable {
  n_units: number;
  n_looked: number;
  n_steps: number;
  units: SurveyUnits;
  columns: [track: string, label: string][]; // of the heat map
  heat_unit: number; // standard deviations
  heat: (number | null)[][];
  place: number[]; // -1: none
  around: (number | null)[][];
  around_tokens: (string | null)[][] | null;
}

interface SurveyAnswer {
  table?: SurveyTable;
  share?: number;
  error?: string;
  is_offered?: boolean; // it takes seconds, and nobody asked for it yet
}

interface SurveyMarks {
  chosen: Set<number>;
  isSeveral: boolean;
  held: number | null;
}

/* ---- The moments of a training, as d/UUID/moments says it */

interface MomentUnit {
  r: number | null; // with the same number at the last moment
  partner: number;
  r_partner: number | null;
  is_mutual: boolean;
  side?: string;
  threshold?: number;
  f1?: number | null;
}

interface MomentRow {
  loss: number | null;
  is_held_out: boolean; // as the training gave it, or the mean of the recorded losses
  cka?: number | null;
  cka_chance?: number | null;
  at_matches?: { n_matches: number; share?: number | null; base_rate?: number; lift?: number | null; f1?: number | null };
  unit?: MomentUnit;
  best?: { source: string; unit: number; f1: number | null };
  kl?: number | null;
}

interface MomentsAnswer {
  rows?: MomentRow[];
  error?: string;
}

/* A figure through the moments, as it is drawn. */
interface MomentLine {
  name: string;
  kind: string;
  values: (number | null)[];
  low: number;
  high: number;
}

/* What there is to open, as samples/about.json says it. */
interface Served {
  dumps: DumpCard[];
  offers: Offer[];
  watches: boolean; // more may come by itself
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
  is_sample: boolean; // or the moments of a training
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

/* The answer of d/UUID/enrichment: a row for each value of a track, or for the listed tokens, or why there is none. */
interface Evidence {
  track: string;
  error?: string;
  left_out?: string;
  n_values?: number; // or tokens, that p was adjusted for; rows has those that are shown
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

/* A lesson as the start page lists it, and whole: see lstmviz/lessons/lesson.py. */
interface LessonCard {
  name: string;
  title: string;
  about: string;
  minutes: number;
  recordings: string[];
}

interface LessonStep {
  say: string;
  ask: string;
  recording: string;
  link: string;
  until: Record<string, any>;
  act: string;
  hint: string;
  choices: string[];
  answer: string | number | null;
  within: number;
  because: string;
}

interface Lesson {
  name: string;
  title: string;
  about: string;
  recording: string;
  minutes: number;
  steps: LessonStep[];
  end: string;
}

/* A class as a student's page hears of it: see lstmviz/classroom/news.py. With `view` left out, nothing has changed. */
type ClassStep = [string, number]; // a lesson and its step

interface ClassView {
  address: string;
  lesson: ClassStep | null;
  title: string;
  say: string;
}

interface ClassBar {
  text: string;
  n: number;
  n_sure: number[];
  is_right: boolean | null;
}

interface ClassAnswer {
  text: string;
  sure: number | null;
  at: number;
  is_told: boolean;
}

interface ClassQuestion {
  key: string;
  text: string;
  choices: string[];
  given: ClassAnswer | null;
  bars: ClassBar[] | null;
  because: string;
  answer: string | number | null;
}

interface ClassNews {
  version: number;
  nickname: string;
  follows: boolean;
  call: number;
  view: ClassView | null;
  question: ClassQuestion | null;
  isOver?: boolean;
}

/* The same as the teacher's page hears of it: see lstmviz/ui/routes/classroom.py. */
interface ClassStudent {
  number: number;
  nickname: string;
  isHere: boolean;
  follows: boolean;
  place: string;
  recording: string;
  step: number;
  lesson: [string, number, number] | null; // title, steps, step
  hasAnswered: boolean;
}

interface AskedQuestion {
  key: string;
  text: string;
  title: string;
  because: string;
  n: number;
  bars: ClassBar[];
}

interface ClassRoom {
  code: string;
  isOpen: boolean;
  students: ClassStudent[];
  asked: { key: string; isShown: boolean } | null;
  questions: AskedQuestion[];
}

interface ClassLink {
  link: string;
  code: string;
  path: string;
  size: number;
}
