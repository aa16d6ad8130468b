/* Arrays of numbers as the server sends them: little-endian, of 2, 4 or 8 bytes a number. Pure. */

let /** @type {Float32Array} */ halves = null; // every number of 2 bytes, by its bits

/**
 * The value of a number of IEEE 754's binary16.
 * @param {number} bits
 */
function half(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/**
 * The numbers in a buffer, exactly: a Float32Array, or a Float64Array where they have 8 bytes.
 * @param {ArrayBufferLike} buffer
 * @param {number} nBytes
 */
export function readNumbers(buffer, nBytes) {
  if (nBytes !== 2) return nBytes === 8 ? new Float64Array(buffer) : new Float32Array(buffer);
  halves ||= Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
  const bits = new Uint16Array(buffer);
  const values = new Float32Array(bits.length);
  for (let k = 0; k < bits.length; k++) values[k] = halves[bits[k]];
  return values;
}

/**
 * Bytes of a number of a dtype, such as "float16", on its way here.
 * @param {string} dtype
 */
export function nBytes(dtype) {
  return Number(dtype.slice(5)) / 8;
}
