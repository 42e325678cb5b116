const WORDS = 4;
const WORD_BITS = 32;
/** Wide digits need fewer passes, narrow ones need smaller tables. */
const WIDE = { from: 50_000, bits: 16, otherwise: 8 } as const;

/**
 * Returns the order of networks by address, then shorter prefix first. A radix sort from the last digit to the first,
 * which skips digits that are equal in all networks.
 */
export function sortIpv6(words: Uint32Array, bits: Uint8Array): Uint32Array {
  const count = bits.length;
  const digitBits = count >= WIDE.from ? WIDE.bits : WIDE.otherwise;
  const next = new Uint32Array(2 ** digitBits);
  let order = new Uint32Array(count);
  let spare = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const pass = (data: Uint8Array | Uint32Array, stride: number, word: number, shift: number) => {
    if (!countDigits(next, data, stride, word, shift)) return;
    scatter(order, spare, next, data, stride, word, shift);
    [order, spare] = [spare, order];
  };
  pass(bits, 1, 0, 0);
  for (let word = WORDS - 1; word >= 0; word--) {
    for (let shift = 0; shift < WORD_BITS; shift += digitBits) pass(words, WORDS, word, shift);
  }
  return order;
}

/** Fills `next` with the position of the first network of each digit. Returns false if all digits are equal. */
function countDigits(
  next: Uint32Array,
  data: Uint8Array | Uint32Array,
  stride: number,
  word: number,
  shift: number,
): boolean {
  const mask = next.length - 1;
  next.fill(0);
  for (let at = word; at < data.length; at += stride) {
    const digit = ((data[at] as number) >>> shift) & mask;
    next[digit] = (next[digit] as number) + 1;
  }
  if (next[((data[word] ?? 0) >>> shift) & mask] === data.length / stride) return false;
  let sum = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = next[digit] as number;
    next[digit] = sum;
    sum += count;
  }
  return true;
}

function scatter(
  from: Uint32Array,
  to: Uint32Array,
  next: Uint32Array,
  data: Uint8Array | Uint32Array,
  stride: number,
  word: number,
  shift: number,
): void {
  const mask = next.length - 1;
  for (let i = 0; i < from.length; i++) {
    const network = from[i] as number;
    const digit = ((data[stride * network + word] as number) >>> shift) & mask;
    const place = next[digit] as number;
    to[place] = network;
    next[digit] = place + 1;
  }
}
