import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFilter } from '../filter/format.ts';
import { parseFilter } from '../filter/parse.ts';
import {
  ALERT_RATES,
  ALERT_SHARES,
  ALERT_STATES,
  type AlertCondition,
  alertConditionText,
  FILTERED_RATES,
} from './alert-condition.ts';
import { AlertConditionError } from './alert-condition-error.ts';
import { MAX_ALERT_CONDITION, parseAlertCondition } from './parse-alert-condition.ts';

const seconds = fc.integer({ min: 0, max: 24 * 3600 }).map((value) => value * 1000);
const filter = fc.constantFrom('tcp dst port 22', 'deny', 'iface "a \\"b\\" c"', 'host 10.0.0.0/8 and not udp');
const threshold = fc.oneof(
  fc.integer({ min: 1, max: 1e12 }),
  fc.integer({ min: 1, max: 999_999 }).map((n) => n / 1000),
);
const comparison = fc.constantFrom('>' as const, '<' as const);

const condition: fc.Arbitrary<AlertCondition> = fc.oneof(
  fc.record({
    kind: fc.constant('rate' as const),
    measure: fc.constantFrom(...ALERT_RATES.filter((each) => each !== 'new sources')),
    comparison,
    threshold,
    for_ms: seconds,
  }),
  fc.record({
    kind: fc.constant('rate' as const),
    measure: fc.constant('new sources' as const),
    comparison,
    threshold: fc.integer({ min: 1, max: 100_000 }),
    for_ms: seconds,
  }),
  fc.record({
    kind: fc.constant('rate' as const),
    measure: fc.constantFrom(...FILTERED_RATES),
    matching: filter,
    comparison,
    threshold,
    for_ms: seconds,
  }),
  fc.record({
    kind: fc.constant('share' as const),
    measure: fc.constantFrom(...ALERT_SHARES),
    percent: fc.integer({ min: 0, max: 99_999 }).map((n) => n / 1000),
    for_ms: seconds,
  }),
  fc.record({
    kind: fc.constant('disk' as const),
    percent: fc.integer({ min: 1, max: 75_000 }).map((n) => n / 1000),
    for_ms: seconds,
  }),
  fc.record({ kind: fc.constant('state' as const), state: fc.constantFrom(...ALERT_STATES), for_ms: seconds }),
);

describe('the text of a condition', () => {
  it('is read as the same condition, whatever the spaces', () => {
    fc.assert(
      fc.property(condition, fc.constantFrom(' ', '  ', '\t'), (given, space) => {
        const text = alertConditionText(given);
        expect(parseAlertCondition(text)).toEqual(given);
        const [outside = '', quoted = '', rest = ''] = text.split(/("(?:[^"\\]|\\.)*")/);
        const spaced = `${space}${outside.replaceAll(' ', space)}${quoted}${rest.replaceAll(' ', space)}${space}`;
        expect(parseAlertCondition(spaced)).toEqual(given);
      }),
    );
  });

  it('is either read or rejected with what to write, whatever it is', () => {
    const words = fc.constantFrom(
      ...[
        'denied',
        'disk',
        'new sources',
        'would_deny',
        'ring',
        'loss',
        'recorder stopped',
        'matching',
        '"',
        '"tcp"',
        '>',
        '<',
        '5',
        '%',
        '/s',
        'for',
        '10s',
        'k',
        '\\',
      ],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 9 }).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const read = parseAlertCondition(text);
          expect(parseAlertCondition(alertConditionText(read))).toEqual(read);
        } catch (error) {
          if (!(error instanceof AlertConditionError)) throw error;
          expect(error.message).toMatch(/: \S/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['denied>1000/s', 'denied > 1000/s'],
    ['denied > 1.5k for 90s', 'denied > 1500/s for 1m30s'],
    ['bytes > 10M /s for 1h', 'bytes > 10000000/s for 1h'],
    ['packets matching "tcp dst port 22" > 100/s for 10s', 'packets matching "tcp dst port 22" > 100/s for 10s'],
    ['packets < 1/s for 5m', 'packets < 1/s for 5m'],
    ['ring  loss > 0', 'ring loss > 0/s'],
    ['denied>30 % for 10s', 'denied > 30% for 10s'],
    ['would_deny > 0.5%', 'would_deny > 0.5%'],
    ['denied matching "iface \\"> 5%\\"" > 5', 'denied matching "iface \\"> 5%\\"" > 5/s'],
    ['new  sources > 500 for 10s', 'new sources > 500/s for 10s'],
    ['disk < 5%', 'disk < 5%'],
    ['recorder stopped for 60s', 'recorder stopped for 1m'],
    ['interface missing', 'interface missing'],
  ])('%j is stored as %j', (text, stored) => {
    expect(alertConditionText(parseAlertCondition(text))).toBe(stored);
  });

  it.each([
    ['', /empty: write "denied > 1000\/s for 10s"/],
    ['deny > 5', /"deny > 5" does not begin with a measure: write one of packets, bytes, denied/],
    ['deniedx > 5', /does not begin with a measure/],
    ['denied', /denied ends: write > or </],
    ['denied >= 5', /denied is followed by ">= 5": write > or </],
    ['denied > -5', /followed by "> -5"/],
    ['denied > 5 for', /"for" is unexpected: write "for" and a time/],
    ['denied > 5 for ever', /"ever" is not a time: write 30s/],
    ['denied > 5 for 25h', /"25h" is too long: write at most 24h/],
    ['denied > 5/h', /"\/h" is unexpected/],
    ['denied > 5000G', /too large: write at most/],
    ['packets < 0/s', /never holds: write packets < 1\/s/],
    ['lost matching "tcp" > 5', /lost cannot be limited by a filter: write "matching" after packets, bytes/],
    ['packets matching tcp > 5', /"matching" is followed by "tcp > 5": write the filter in double quotes/],
    ['packets matching "prot 22" > 5', /filter cannot be read: .*did you mean/],
    ['packets matching "" > 5', /filter is empty: omit/],
    ['packets > 5%', /packets is not a share: write % after denied or would_deny only/],
    ['denied < 5%', /denied < 5% holds without traffic: write denied > 5%/],
    ['denied > 100%', /denied > 100% never holds: write less than 100%/],
    ['denied > 5k%', /"%" is unexpected/],
    ['denied matching "tcp" > 5%', /share of denied cannot be limited by a filter: omit "matching"/],
    ['new sources matching "tcp" > 5', /new sources cannot be limited by a filter/],
    ['new sources > 101k', /101k is too large: write at most 100000/],
    ['new > 5', /does not begin with a measure/],
    ['disk > 5%', /disk is followed by "> 5%": write < and the free share/],
    ['disk < 5', /disk is followed by "< 5"/],
    ['disk < 0%', /out of range: write more than 0%/],
    ['disk < 80%', /out of range/],
    ['recorder', /does not begin with a measure/],
    ['rules alarm > 5', /"> 5" is unexpected/],
    ['x'.repeat(MAX_ALERT_CONDITION + 1), /too long: write at most/],
  ])('%j is rejected with what to write', (text, message) => {
    expect(() => parseAlertCondition(text)).toThrow(AlertConditionError);
    expect(() => parseAlertCondition(text)).toThrow(message);
  });

  it('keeps the text of the filter, not another form of it', () => {
    const read = parseAlertCondition('packets matching "port ssh" > 1');
    expect(read).toMatchObject({ matching: 'port ssh' });
    expect(formatFilter(parseFilter('port ssh'))).not.toBe('port ssh');
  });
});
