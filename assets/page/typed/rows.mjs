/* The rows under a typed text's tokens: what each token cost, what was predicted in its place, and what an edit changed. */

import { writeCentred } from "../dom/cell-text.mjs";
import { labelFont, themeColours } from "../dom/theme.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { clamp } from "../lib/url.mjs";
import { model } from "../store/model.mjs";
import { typing } from "../store/typed-text.mjs";
import { countOnWords, typedAnswer } from "./answer.mjs";
import { typedDifference } from "./diff.mjs";
import { typedCell, typedX } from "./plot.mjs";

/**
 * The rows of an answer: {name, kind: "bars" | "label" | "before" | "change", track}. As many for every text, so that
 * nothing jumps.
 * @param {TextAnswer} answer
 * @returns {TypedRow[]}
 */
export function typedRows(answer) {
  const tracks = answer ? answer.tracks : [];
  /** @param {string} name */
  const named = (name) => tracks.find((track) => track.name === name);
  const loss = named("loss");
  const chance = tracks.find((track) => track.kind === "number" && !track.group);
  const first = loss || chance;
  return [
    {
      name: first
        ? showToken(first.name.replace(/^predicted_/, "")).text
        : typing(model.dump)?.task === "label"
          ? ""
          : "loss",
      kind: "bars",
      track: first,
    },
    { name: "top1", kind: "label", track: named("top1"), sure: named("p1") },
    { name: "before", kind: "before" },
    { name: "change", kind: "change" },
  ];
}

/**
 * A track's value over a token: one that concerns the next token is drawn over that one.
 * @param {TypedTrack} track
 * @param {number} step
 */
function typedValue(track, step) {
  const at = track.concerns === "next" ? step - 1 : step;
  return at < 0 ? null : track.values[at];
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TypedRow} row
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
export function drawTypedRow(ctx, row, from, to, top, height) {
  if (row.kind === "before" || row.kind === "change") drawDifference(ctx, row, from, to, top, height);
  else if (row.track) (row.kind === "bars" ? drawBars : drawLabels)(ctx, row, from, to, top, height);
}

/**
 * How high a bar can go: as in the corpus, or further where the text has more.
 * @param {TypedTrack} track
 */
function most(track) {
  const known = model.tracks.find((one) => one.name === track.name);
  return Math.max(track.high, known ? known.high : 0, 1e-9);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TypedRow} row
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawBars(ctx, { track }, from, to, top, height) {
  const high = most(track);
  ctx.fillStyle = themeColours().sequence(0.6);
  for (let step = from; step < to; step++) {
    const one = typedValue(track, step);
    if (one !== null) bar(ctx, step, one / high, top, height);
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} step
 * @param {number} share
 * @param {number} top
 * @param {number} height
 */
function bar(ctx, step, share, top, height) {
  const tall = Math.max(1, Math.min(1, share) * (height - 1));
  ctx.fillRect(typedX(step), top + height - tall, typedCell() - 1, tall);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TypedRow} row
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawLabels(ctx, { track, sure }, from, to, top, height) {
  const wide = typedCell();
  for (let step = from; step < to; step++) {
    const one = typedValue(track, step);
    if (one === null || !(one in track.labels)) continue;
    const p = sure ? typedValue(sure, step) || 0 : 1;
    const ground = themeColours().sequence(clamp(p, 0, 1) * 0.9);
    ctx.fillStyle = ground;
    ctx.fillRect(typedX(step), top, wide - 1, height);
    write(ctx, showToken(track.labels[one]).text, step, top, height, themeColours().ink(ground));
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} words
 * @param {number} step
 * @param {number} top
 * @param {number} height
 * @param {string} colour
 */
function write(ctx, words, step, top, height, colour) {
  const wide = typedCell();
  ctx.fillStyle = colour;
  writeCentred(ctx, labelFont(), words, typedX(step) + wide / 2, top + height / 2 + 0.5, wide - 3);
}

/**
 * What stood there before, where it is another; how far the units moved.
 * @param {CanvasRenderingContext2D} ctx
 * @param {TypedRow} row
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawDifference(ctx, row, from, to, top, height) {
  const difference = typedDifference();
  const colours = themeColours();
  if (!difference) return row.kind === "before" ? hint(ctx, top, height) : null;
  if (difference.isHeld && row.kind === "before") {
    drawOtherGuesses(ctx, difference.answer, from, to, top, height);
    return null;
  }
  const { kinds, pairs, gone } = difference.alignment;
  for (let step = from; step < to; step++) {
    if (row.kind === "change") {
      ctx.fillStyle = colours.hover;
      const by = difference.change[step];
      if (!Number.isNaN(by) && by > 0) bar(ctx, step, by / difference.scale, top, height);
    } else if (kinds[step] === "changed")
      write(ctx, difference.answer.shown[pairs[step]].text, step, top, height, colours.dim);
    else if (kinds[step] === "new") write(ctx, "+", step, top, height, colours.hover);
  }
  if (row.kind !== "before") return null;
  for (const [place] of gone) {
    ctx.fillStyle = colours.hover;
    ctx.beginPath(); // a wedge between two tokens: some were taken out
    ctx.moveTo(typedX(place), top + 3);
    ctx.lineTo(typedX(place) - 4, top + height - 3);
    ctx.lineTo(typedX(place) + 4, top + height - 3);
    ctx.fill();
  }
  return null;
}

/**
 * What was predicted with nothing held, where it is another.
 * @param {CanvasRenderingContext2D} ctx
 * @param {TextAnswer} before
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawOtherGuesses(ctx, before, from, to, top, height) {
  for (let step = from; step < to; step++) {
    const guess = otherGuess(before, step);
    if (guess) write(ctx, guess, step, top, height, themeColours().dim);
  }
}

/**
 * What was predicted at a token with nothing held, where it is another; null where it is the same.
 * @param {TextAnswer} before
 * @param {number} step
 */
function otherGuess(before, step) {
  const [was, now] = [before, typedAnswer()].map((one) => one.tracks.find((track) => track.name === "top1"));
  const [a, b] = [was, now].map((track) => track?.labels[typedValue(track, step)]);
  return a === undefined || a === b ? null : showToken(a).text;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} top
 * @param {number} height
 */
function hint(ctx, top, height) {
  ctx.font = labelFont();
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = themeColours().dim;
  ctx.fillText("edit a token of the text to see here what changes", typedX(0) + 2, top + height / 2 + 0.5);
}

/**
 * What is known of a token, each a line: {step, ...}.
 * @param {TextAnswer} answer
 * @param {number} step
 */
export function describeToken(answer, step) {
  const lines = [`token ${grouped(step)} of your text`, answer.shown[step].text];
  if (!answer.is_known[step])
    lines.push(
      answer.has_unknown
        ? "unknown to the model: read as its unknown token"
        : "unknown to the model: not read, no states",
    );
  const count = countOnWords(answer, step);
  if (count) lines.push(count);
  /** @param {string} name */
  const by = (name) => answer.tracks.find((track) => track.name === name);
  const guesses = [1, 2, 3].map((k) => [by(`top${k}`), by(`p${k}`)]).filter(([top, p]) => top && p);
  const predictions = guesses
    .map(
      /** @returns {[label: number, p: number, top: TypedTrack]} */ ([top, p]) => [
        typedValue(top, step),
        typedValue(p, step),
        top,
      ],
    )
    .filter(([label]) => label !== null && label >= 0);
  if (predictions.length)
    lines.push(
      `predicted ${predictions.map(([label, p, top]) => `${showToken(top.labels[label]).text} ${valueText(p)}`).join(" · ")}`,
    );
  for (const track of answer.tracks) {
    const one = typedValue(track, step);
    if (track.kind === "number" && !/^p\d+$/.test(track.name) && one !== null)
      lines.push(`${showToken(track.name).text} ${valueText(one)}`);
  }
  return [...lines, ...changed(step)];
}

/** @param {number} step */
function changed(step) {
  const difference = typedDifference();
  if (!difference) return [];
  const { kinds, pairs } = difference.alignment;
  const by = difference.change[step];
  const guess = difference.isHeld ? otherGuess(difference.answer, step) : null;
  if (guess) return [`with nothing held, predicted: ${guess}`, ...moved(by, difference)];
  if (kinds[step] === "new") return ["not in the text before"];
  const was = kinds[step] === "changed" ? [`before: ${difference.answer.shown[pairs[step]].text}`] : [];
  return [...was, ...moved(by, difference)];
}

/**
 * @param {number} by
 * @param {{ words: string }} difference
 */
function moved(by, { words }) {
  return Number.isNaN(by) ? [] : [`changed by ${valueText(by)} on average over ${words}`];
}
