/** Tests of addresses in a dictionary: 16 bytes each, without regard to the frame that has them. */
import type { RecordPredicate } from '../../record/view.ts';
import { every, not, some } from '../join-tests.ts';
import { always, never, wordAt, wordMask } from '../record-tests.ts';
import type { Condition, PrefixCondition } from './conditions.ts';

/** Up to this many addresses are tested one by one. */
const FEW = 4;

/** `condition` is on one column of addresses alone. */
export function addressTest(condition: Condition): RecordPredicate {
  switch (condition.kind) {
    case 'constant':
      return condition.holds ? always : never;
    case 'not':
      return not(addressTest(condition.of));
    case 'all':
      return every(condition.of.map(addressTest));
    case 'any':
      return anyOf(condition.of);
    case 'prefix':
      return prefixTest(condition);
    case 'range':
      throw new TypeError(`${condition.column} is not a column of addresses`);
  }
}

/** Looks single addresses up by their last word, and compares the rest. */
function anyOf(conditions: readonly Condition[]): RecordPredicate {
  const single = conditions.filter((each): each is PrefixCondition => each.kind === 'prefix' && each.bits === 128);
  if (single.length <= FEW) return some(conditions.map(addressTest));
  const byLastWord = new Map<number, PrefixCondition[]>();
  for (const each of single) {
    const last = wordAt(each.bytes, 12);
    byLastWord.set(last, [...(byLastWord.get(last) ?? []), each]);
  }
  const tests = new Map([...byLastWord].map(([last, alike]) => [last, some(alike.map(prefixTest))]));
  const list: RecordPredicate = (bytes, at) => tests.get(wordAt(bytes, at + 12))?.(bytes, at) ?? false;
  const others = conditions.filter((each) => !(single as readonly Condition[]).includes(each));
  return some([list, ...others.map(addressTest)]);
}

/** Compares the last words first: they differ most often. */
function prefixTest({ bytes, bits }: PrefixCondition): RecordPredicate {
  const [m0, m1, m2, m3] = [0, 4, 8, 12].map((first) => wordMask(bits - 8 * first)) as [number, number, number, number];
  const [v0, v1, v2, v3] = [0, 4, 8, 12].map((at) => wordAt(bytes, at)) as [number, number, number, number];
  if (m2 === 0) {
    return (address, at) => (wordAt(address, at + 4) & m1) === v1 && (wordAt(address, at) & m0) === v0;
  }
  return (address, at) =>
    (wordAt(address, at + 12) & m3) === v3 &&
    (wordAt(address, at + 8) & m2) === v2 &&
    wordAt(address, at + 4) === v1 &&
    wordAt(address, at) === v0;
}
