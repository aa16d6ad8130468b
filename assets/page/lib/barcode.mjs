/* The whole corpus in a strip: where matches are dense, and which steps lie under a point. Pure. */

/**
 * For each of `width` columns the share of its steps that lie in a match, by a barcode's bins.
 * @param {Barcode} barcode
 * @param {number} width
 */
export function barcodeColumns({ width: binWidth, n_steps: nSteps, n_steps_in: inside }, width) {
  const sizes = inside.map((_, k) => Math.min(binWidth, nSteps - k * binWidth));
  return Array.from({ length: width }, (_, column) => {
    const a = Math.min(inside.length - 1, Math.floor((column * nSteps) / (width * binWidth)));
    const b = Math.max(a, Math.min(inside.length - 1, Math.ceil(((column + 1) * nSteps) / (width * binWidth)) - 1));
    let [steps, all] = [0, 0];
    for (let k = a; k <= b; k++) [steps, all] = [steps + inside[k], all + sizes[k]];
    return all ? steps / all : 0;
  });
}

/**
 * How deep a share is coloured, 0 to 1: any match is seen, and the densest column is darkest.
 * @param {number} share
 * @param {number} most
 */
export function barcodeDepth(share, most) {
  return share > 0 ? 0.3 + 0.7 * Math.sqrt(share / most) : 0;
}

/**
 * Where steps [start, stop) lie: {left, width} in pixels, never thinner than `least`, inside the strip.
 * @param {number} start
 * @param {number} stop
 * @param {number} nSteps
 * @param {number} width
 * @param {number} least
 */
export function barcodePlace(start, stop, nSteps, width, least) {
  const wide = Math.min(width, Math.max(least, ((stop - start) / nSteps) * width));
  const middle = ((start + stop) / 2 / nSteps) * width;
  return { left: Math.min(width - wide, Math.max(0, middle - wide / 2)), width: wide };
}

/**
 * {first, end, nMatches}: the bin under a step.
 * @param {Barcode} barcode
 * @param {number} step
 */
export function binAt({ width, n_steps: nSteps, n_matches: starting }, step) {
  const k = Math.min(starting.length - 1, Math.max(0, Math.floor(step / width)));
  return { first: k * width, end: Math.min(nSteps, (k + 1) * width), nMatches: starting[k] };
}
