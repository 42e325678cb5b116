/** Changes an input at random. */
import type { Random } from './random.ts';

/** One of so many inputs grows to the longest length, by repeating a part: finds what takes more than linear time. */
const GROWN_ONE_OF = 2000;
const MAX_CHANGES = 6;
/** Other inputs stay short: what they find is found sooner. */
const SHORT_BYTES = 2048;
const NUMBERS = [
  '0',
  '1',
  '-1',
  '255',
  '256',
  '65535',
  '65536',
  '4294967295',
  '4294967296',
  '1e999',
  '0.5',
  '9007199254740993',
];
const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x7b];

export interface Material {
  readonly random: Random;
  /** Texts to insert. */
  readonly words: readonly Uint8Array[];
  /** Another input to take a part from. */
  readonly other: () => Uint8Array;
  readonly maxBytes: number;
}

export function mutated(input: Uint8Array, material: Material): Uint8Array {
  const { random, maxBytes } = material;
  let bytes = input;
  // One change half of the time: more of them often undo what made the input worth keeping.
  const changes = random.below(2) === 0 ? 1 : 1 + random.below(MAX_CHANGES);
  for (let left = changes; left > 0; left--) bytes = changed(bytes, material);
  if (random.below(GROWN_ONE_OF) === 0) return grown(bytes, material);
  return bytes.subarray(0, Math.min(maxBytes, SHORT_BYTES));
}

function changed(bytes: Uint8Array, { random, words, other }: Material): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = random.below(Math.min(32, bytes.length - at) + 1);
  switch (random.below(9)) {
    case 0:
      return spliced(bytes, at, 0, [random.of(BYTES)]);
    case 1:
      return spliced(bytes, at, length, []);
    case 2:
      return replaced(bytes, at, (byte) => byte ^ (1 << random.below(8)));
    case 3:
      return replaced(bytes, at, () => random.below(256));
    case 4:
      return spliced(bytes, at, random.below(2) * length, random.of(words));
    case 5:
      return spliced(bytes, at, 0, bytes.subarray(at, at + length));
    case 6: {
      const given = other();
      const from = random.below(given.length + 1);
      return spliced(bytes, at, length, given.subarray(from, from + random.below(64)));
    }
    case 7:
      return spliced(bytes, ...digitsNear(bytes, at), Buffer.from(random.of(NUMBERS)));
    default:
      return replaced(bytes, at, (byte) => byte + random.below(17) - 8);
  }
}

/** Returns the position and the length of the first digits from `at` on. */
function digitsNear(bytes: Uint8Array, at: number): [at: number, length: number] {
  const isDigit = (i: number) => (bytes[i] ?? 0) >= 0x30 && (bytes[i] ?? 0) <= 0x39;
  let from = at;
  while (from < bytes.length && !isDigit(from)) from++;
  let to = from;
  while (isDigit(to)) to++;
  return [from, to - from];
}

function grown(bytes: Uint8Array, { random, maxBytes }: Material): Uint8Array {
  const at = random.below(bytes.length);
  const part = bytes.subarray(at, at + 1 + random.below(24));
  if (part.length === 0) return bytes;
  const room = Math.max(0, maxBytes - bytes.length);
  const repeated = new Uint8Array(room - (room % part.length));
  for (let to = 0; to < repeated.length; to += part.length) repeated.set(part, to);
  return spliced(bytes, at, 0, repeated);
}

function replaced(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const i = at % bytes.length;
  copy[i] = change(copy[i] ?? 0);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, removed: number, inserted: ArrayLike<number>): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + removed));
  const result = new Uint8Array(at + inserted.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(rest, at + inserted.length);
  return result;
}
