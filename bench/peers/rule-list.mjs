/** Generates pseudo-random rule sources: single addresses, and one network of /16 to /31 for every ten addresses. */

/**
 * Returns the first address and the prefix length of each source. Deterministic: a larger count only appends sources.
 * @param {number} count of single addresses
 */
export function ruleSources(count) {
  let state = 1;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const total = Math.round(count * 1.1);
  const starts = new Uint32Array(total);
  const bits = new Uint8Array(total).fill(32);
  for (let i = 0; i < total; i++) {
    if (i % 11 === 10) bits[i] = 16 + (random() % 16);
    starts[i] = (random() & (-1 << (32 - (bits[i] ?? 32)))) >>> 0;
  }
  return { starts, bits };
}

/**
 * Returns the sources as the text of a block list, one per line.
 * @param {number} count
 */
export function listText(count) {
  const { starts, bits } = ruleSources(count);
  const lines = Array.from(starts, (start, i) => {
    const address = [24, 16, 8, 0].map((shift) => (start >>> shift) & 0xff).join('.');
    return bits[i] === 32 ? `${address}\n` : `${address}/${bits[i]}\n`;
  });
  return new TextEncoder().encode(lines.join(''));
}
