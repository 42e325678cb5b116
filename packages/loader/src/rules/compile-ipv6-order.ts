const WORDS = 4;
const DIGIT_BITS = 8;
const DIGITS = 2 ** DIGIT_BITS;

/**
 * The order of networks by address, of the same address the shorter prefix first: a radix sort, from the last digit to
 * the first, that leaves out digits which are the same everywhere.
 */
export function sortIpv6(words: Uint32Array, bits: Uint8Array): Uint32Array {
  const count = bits.length;
  let order = Uint32Array.from({ length: count }, (_, i) => i);
  let spare = new Uint32Array(count);
  const pass = (digitOf: (network: number) => number) => {
    if (!scatter(order, spare, digitOf)) return;
    [order, spare] = [spare, order];
  };
  pass((network) => bits[network] as number);
  for (let word = WORDS - 1; word >= 0; word--) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      pass((network) => ((words[WORDS * network + word] as number) >>> shift) & (DIGITS - 1));
    }
  }
  return order;
}

/** False when all digits are the same, and nothing was written. */
function scatter(from: Uint32Array, to: Uint32Array, digitOf: (network: number) => number): boolean {
  const next = new Uint32Array(DIGITS);
  for (let i = 0; i < from.length; i++) {
    const digit = digitOf(i);
    next[digit] = (next[digit] as number) + 1;
  }
  if (next.some((count) => count === from.length)) return false;
  let sum = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = next[digit] as number;
    next[digit] = sum;
    sum += count;
  }
  for (let i = 0; i < from.length; i++) {
    const network = from[i] as number;
    const digit = digitOf(network);
    const place = next[digit] as number;
    to[place] = network;
    next[digit] = place + 1;
  }
  return true;
}
