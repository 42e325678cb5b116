import { expect, it } from 'vitest';
import { SetupError } from '../../errors/setup-error.ts';
import { moment } from './moment.ts';
import { rangeOf } from './past-options.ts';

const end = (text: string) => ({ text, ns: moment(text) });

it('has no limit that was not given', () => {
  expect(rangeOf({})).toEqual({ fromNs: undefined, toNs: undefined });
  expect(rangeOf({ to: end('2026-05-01') })).toEqual({ fromNs: undefined, toNs: moment('2026-05-01') });
});

it('ends at the next such time of day', () => {
  const from = moment('2026-05-02 22:00');
  // As at 23:00, when 06:00 was last in the morning.
  expect(rangeOf({ from, to: { text: '06:00', ns: moment('2026-05-02 06:00') } }).toNs).toBe(
    moment('2026-05-03 06:00'),
  );
  expect(rangeOf({ from, to: { text: '06:00', ns: moment('2026-05-04 06:00') } }).toNs).toBe(
    moment('2026-05-04 06:00'),
  );
});

it.each(['2026-05-02', '2026-05-02 22:00'])('is not empty: --to %s', (to) => {
  expect(() => rangeOf({ from: moment('2026-05-02 22:00'), to: end(to) })).toThrow(SetupError);
});
