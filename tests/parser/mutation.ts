/** Unexpected frames: fixtures changed at random, the same for the same seed. */

/** 32-bit generator of Marsaglia's xorshift family; `below(n)` is in [0, n). */
export interface Random {
  below(limit: number): number;
}

export function random(seed: number): Random {
  let state = seed | 1;
  return {
    below(limit) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % limit;
    },
  };
}

type Mutation = (frame: Uint8Array, random: Random) => Uint8Array;

/** Bytes in which the headers lie: a change there matters more than one in the payload. */
const HEADERS = 96;

/** Values that a parser branches on: versions, lengths, types, protocols. */
const SPECIAL = [
  0, 1, 4, 6, 17, 41, 43, 44, 50, 51, 58, 59, 60, 132, 135, 136, 139, 140, 0xc2, 0x40, 0x45, 0x46, 0x4f, 0x60, 0x81,
  0x86, 0x88, 0x91, 0xff,
];

const position = (frame: Uint8Array, random: Random) => random.below(Math.min(frame.length, HEADERS));

function changed(frame: Uint8Array, at: number, value: number): Uint8Array {
  const copy = frame.slice();
  copy[at] = value;
  return copy;
}

function spliced(frame: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, at), ...insert, ...frame.subarray(at + remove));
}

const MUTATIONS: readonly Mutation[] = [
  (frame, random) => {
    const at = position(frame, random);
    return changed(frame, at, (frame[at] ?? 0) ^ (1 << random.below(8)));
  },
  (frame, random) => changed(frame, position(frame, random), SPECIAL[random.below(SPECIAL.length)] as number),
  (frame, random) => changed(frame, position(frame, random), random.below(256)),
  (frame, random) => frame.slice(0, random.below(frame.length + 1)),
  (frame, random) => spliced(frame, position(frame, random), 1 + random.below(8), new Uint8Array()),
  (frame, random) => {
    const from = position(frame, random);
    return spliced(frame, position(frame, random), 0, frame.subarray(from, from + 1 + random.below(8)));
  },
  // Insert a tag, and an extension header, to reach the limits.
  (frame, random) =>
    spliced(
      frame,
      12,
      0,
      Uint8Array.of([0x81, 0x88, 0x91][random.below(3)] as number, [0, 0xa8][random.below(2)] as number, 0, 7),
    ),
  (frame, random) =>
    spliced(
      frame,
      54,
      0,
      Uint8Array.of(SPECIAL[random.below(SPECIAL.length)] as number, random.below(3), 0, random.below(16), 0, 0, 0, 0),
    ),
];

/** Returns the frame with one to four changes in sequence. */
export function mutate(frame: Uint8Array, random: Random): Uint8Array {
  let mutant = frame;
  for (let changes = 1 + random.below(4); changes > 0 && mutant.length > 0; changes--) {
    mutant = (MUTATIONS[random.below(MUTATIONS.length)] as Mutation)(mutant, random);
  }
  return mutant;
}
