/** Arbitrary bytes, and valid input with arbitrary changes, cause no other errors than the documented ones. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { hostileBytes } from '../../../common/test/support/fuzz.arbitrary.ts';
import { FUZZ_TARGETS } from '../../test/support/fuzz-targets.ts';

describe('hostile input', () => {
  it.each(FUZZ_TARGETS)('$name', (target) => {
    fc.assert(fc.property(hostileBytes(target), target.run), { numRuns: 1500 });
  });
});
