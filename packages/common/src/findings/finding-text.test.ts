import { expect, it } from 'vitest';
import { parseFilter } from '../filter/parse.ts';
import { FINDING_KINDS, type Finding } from './finding.ts';
import { findingFilter } from './finding-filter.ts';
import { findingEvidence, findingText } from './finding-text.ts';
import { suggestedRule } from './suggested-rule.ts';

const base = { id: 1, opened_at_ms: 2000, first_at_ms: 1000, last_at_ms: 91_000, packets: 1234, filter: '' };
const sources = [undefined, '203.0.113.7', '2001:db8:0:9::/64'];
const destinations = [undefined, '192.0.2.2', '2001:db8::2'];

it('has a filter that parses, for each kind and subject', () => {
  for (const kind of FINDING_KINDS) {
    for (const source of sources) {
      for (const destination of destinations) {
        const subject = { ...(source && { source }), ...(destination && { destination }), port: 22 };
        expect(() => parseFilter(findingFilter({ kind, ...subject }))).not.toThrow();
      }
    }
  }
});

it.each<[Partial<Finding> & Pick<Finding, 'kind'>, string, string]>([
  [
    { kind: 'port_scan', source: '203.0.113.66', destination: '192.0.2.2', ports: 3000 },
    '203.0.113.66 scanned 3,000 ports of 192.0.2.2 in 90 s',
    '1,234 probes; no connection followed on 3,000 ports. The source may be forged.',
  ],
  [
    { kind: 'host_sweep', source: '203.0.113.66', addresses: 200 },
    '203.0.113.66 tried several ports of 200 addresses in 90 s',
    '1,234 probes without a connection. The source may be forged.',
  ],
  [
    { kind: 'login_attempts', source: '203.0.113.99', per_minute: 88, port: 22, addresses: 3 },
    '203.0.113.99: 88 connection attempts a minute to ssh of 3 addresses',
    '1,234 attempts; whether logins succeeded is not visible here.',
  ],
  [
    { kind: 'syn_flood', destination: '2001:db8::2', port: 443, sources: 33_674, new_share: 0.98, per_second: 5123 },
    'SYN flood: 5,100/s from 34,000 sources, most of them new, to [2001:db8::2]:443',
    '1,234 SYN, for most of which no connection followed. The sources may be forged.',
  ],
  [
    { kind: 'icmp_flood', destination: '192.0.2.2', sources: 3, new_share: 0, per_second: 9 },
    'ICMP flood: 9 echo requests/s from 3 sources, to 192.0.2.2',
    '1,234 echo requests. The sources may be forged.',
  ],
])('%o', (some, text, evidence) => {
  const finding = { ...base, ...some };
  expect(findingText(finding)).toBe(text);
  expect(findingEvidence(finding)).toBe(evidence);
});

it('suggests rules for sources of scans and login attempts, none for floods', () => {
  const source = '203.0.113.7';
  expect(FINDING_KINDS.map((kind) => suggestedRule({ kind, source, port: 22 })?.reason)).toEqual([
    'port scan',
    'host sweep',
    'connection attempts to ssh',
    undefined,
    undefined,
  ]);
  expect(suggestedRule({ kind: 'port_scan' })).toBeUndefined();
});
