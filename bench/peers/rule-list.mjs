/** Random sources of rules: exact addresses, and one network of 16 to 31 bits for every ten addresses. */

/**
 * Returns the same entries each time: the entries of a larger count begin with those of a smaller one.
 * @param {number} count of exact addresses
 */
export function entries(count) {
  let state = 1;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const all = Math.round(count * 1.1);
  const starts = new Uint32Array(all);
  const bits = new Uint8Array(all).fill(32);
  for (let i = 0; i < all; i++) {
    if (i % 11 === 10) bits[i] = 16 + (random() % 16);
    starts[i] = (random() & (-1 << (32 - (bits[i] ?? 32)))) >>> 0;
  }
  return { starts, bits };
}

/**
 * Returns the entries as a published list: one per line.
 * @param {number} count
 */
export function listText(count) {
  const { starts, bits } = entries(count);
  const lines = Array.from(starts, (start, i) => {
    const address = [24, 16, 8, 0].map((shift) => (start >>> shift) & 0xff).join('.');
    return bits[i] === 32 ? `${address}\n` : `${address}/${bits[i]}\n`;
  });
  return new TextEncoder().encode(lines.join(''));
}
