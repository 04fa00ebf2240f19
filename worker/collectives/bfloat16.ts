/**
 * bfloat16 is the upper half of a float32. Conversions only; rounds to nearest, ties to even, as hardware does.
 */
const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);
const QUIET_NAN = 0x7fc0;

export function decodeBfloat16(bits: number): number {
  BITS[0] = bits << 16;
  return FLOAT[0]!;
}

export function encodeBfloat16(value: number): number {
  if (Number.isNaN(value)) return QUIET_NAN;
  FLOAT[0] = value;
  const bits = BITS[0]!;
  // Adds just under half of the last kept bit, or exactly half where that bit is odd: a tie goes to even.
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
