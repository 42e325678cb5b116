import { describe, expect, test } from 'vitest';
import { clockOf, clockWith } from './clock-policy.ts';

describe('the clock of records', () => {
  test('is as requested, but `auto` needs a reader with a polling flag', () => {
    expect(clockWith('auto', 'array')).toBe('auto');
    expect([clockWith('auto', 'ring'), clockWith('auto', 'perf')]).toEqual(['precise', 'precise']);
    expect([clockWith('cached', 'ring'), clockWith('precise', 'array')]).toEqual(['cached', 'precise']);
  });

  test('is off by the error of the wall clock, and early by a jiffy if a time may be reused', () => {
    expect(clockOf('precise', 'array')).toEqual({ policy: 'precise', error_ns: 10_000 });
    expect(clockOf('auto', 'perf')).toEqual({ policy: 'precise', error_ns: 10_000 });
    expect(clockOf('auto', 'array')).toEqual({ policy: 'auto', error_ns: 10_010_000 });
    expect(clockOf('cached', 'array')).toEqual({ policy: 'cached', error_ns: 10_010_000 });
  });
});
