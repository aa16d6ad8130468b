/* The other text of a match's pair in its row: as much of it as there is room for, about what the match has most to do with. */

import { drawToken, isWord, textWidth, tokenFont } from "../dom/cell-text.mjs";
import { themeColours } from "../dom/theme.mjs";
import { showTokens } from "../lib/tokens.mjs";

const PAD = 6; // px that a word is wider than its text
const CHAR = { pad: 4, least: 12 }; // the same of a character, and px of one
const FAINT = 8; // hundredths of the greatest weight, below which a token has no ground

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Column} column
 * @param {Row} row
 * @param {number} top
 * @param {number} height
 */
export function paintPair(ctx, column, row, top, height) {
  const { pair } = row;
  if (!pair) return;
  const colours = themeColours();
  const shown = showTokens(pair.tokens, pair.unknown);
  const widths = shown.map(({ text }) => width(text));
  const [from, to] = inRoom(widths, pair.weights, column.width);
  let x = column.left;
  for (let k = from; k < to; k++) {
    const weight = pair.weights ? pair.weights[k] : 0;
    const ground = weight > FAINT ? colours.sequence(weight / 100) : null;
    if (ground) {
      ctx.fillStyle = ground;
      ctx.fillRect(x, top + 1, widths[k] - 1, height - 2);
    }
    drawToken(ctx, shown[k], x, top, widths[k], height, ground || colours.bg, isWord(shown[k].text));
    x += widths[k];
  }
}

/** @param {string} text */
function width(text) {
  const own = textWidth(text, tokenFont(text));
  return isWord(text) ? own + PAD : Math.max(CHAR.least, own + CHAR.pad);
}

/**
 * The tokens [from, to) that fit: from the first on where that is all or shows the greatest weight, else about it.
 * @param {number[]} widths
 * @param {number[] | null} weights
 * @param {number} room
 * @returns {[from: number, to: number]}
 */
export function inRoom(widths, weights, room) {
  const peak = weights ? weights.indexOf(Math.max(...weights)) : 0;
  let [from, to, wide] = [peak, peak, 0];
  while (true) {
    const [before, after] = [from > 0 ? widths[from - 1] : Infinity, to < widths.length ? widths[to] : Infinity];
    const goesBack = from > 0 && (to >= widths.length || peak - from <= to - peak);
    const next = goesBack ? before : after;
    if (wide + next > room) break;
    wide += next;
    if (goesBack) from--;
    else to++;
  }
  return [from, to];
}
