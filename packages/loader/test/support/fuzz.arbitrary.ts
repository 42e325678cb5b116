/** Bytes for a fuzz target: arbitrary ones, arbitrary text and JSON, and its seeds with changes. */
import fc from 'fast-check';
import type { FuzzTarget } from './fuzz-targets.ts';

const MAX_BYTES = 2000;
const encoder = new TextEncoder();

export function hostileBytes({ seeds }: Pick<FuzzTarget, 'seeds'>): fc.Arbitrary<Uint8Array> {
  const seed = fc.constantFrom(...seeds.map((each) => (typeof each === 'string' ? encoder.encode(each) : each)));
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 16 }),
    fc.string({ unit: 'binary', maxLength: 16 }).map((text) => encoder.encode(text)),
  );
  const changed = fc
    .tuple(
      seed,
      fc.array(fc.tuple(fc.nat({ max: MAX_BYTES }), fc.nat({ max: 8 }), piece), { minLength: 1, maxLength: 4 }),
    )
    .map(([bytes, changes]) =>
      changes.reduce((all, [at, removed, inserted]) => spliced(all, at, removed, inserted), bytes),
    );
  return fc.oneof(
    { weight: 4, arbitrary: changed },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: MAX_BYTES }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => encoder.encode(text)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4 }).map((text) => encoder.encode(text)) },
  );
}

function spliced(bytes: Uint8Array, position: number, removed: number, inserted: Uint8Array): Uint8Array {
  const at = position % (bytes.length + 1);
  const rest = bytes.subarray(Math.min(bytes.length, at + removed));
  const result = new Uint8Array(at + inserted.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(rest, at + inserted.length);
  return result;
}
