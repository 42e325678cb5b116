import type { HistoryTop } from '@packetlog/common';
import { expect, test } from 'vitest';
import type { PastTops } from '../../node/messages/past-events.ts';
import { lastText, liveLists, rangeLists, recordedLists } from './range-lists.ts';

const volume = { packets: 9, bytes: 900, series: [4, 5] };
const top: HistoryTop = {
  from_ms: 60_000,
  to_ms: 120_000,
  series_step_ms: 30_000,
  sources: [
    { addr: '203.0.113.7', first_seen_ms: 1000, ...volume },
    { addr: '2001:db8::53', first_seen_ms: 90_000, ...volume },
  ],
  ports: [
    { ip_protocol: 6, port: 443, ...volume },
    { ip_protocol: 17, port: 53, ...volume },
    { ip_protocol: 6, port: 50_211, ...volume },
  ],
  pairs: [{ src_addr: '203.0.113.7', dst_addr: '198.51.100.1', ...volume }],
  rules: [],
  new_sources: [{ addr: '2001:db8::53', first_seen_ms: 90_000, packets: 9 }],
};

test('a port has the name of its service, if it has one', () => {
  expect(rangeLists(top).ports.map(({ label, note }) => `${label} ${note}`)).toEqual([
    '443 TCP https',
    '53 UDP domain',
    '50211 TCP',
  ]);
});

test('a port can be denied, from any source', () => {
  expect(rangeLists(top).ports.map(({ denies }) => denies)).toMatchObject([
    { fields: { source: 'any', protocol: 'tcp', port: '443' }, text: 'tcp port 443 from any source' },
    { fields: { source: 'any', protocol: 'udp', port: '53' } },
    { fields: { source: 'any', protocol: 'tcp', port: '50211' } },
  ]);
});

test('a source that was first seen in the range is new', () => {
  const { sources, newSources, lengthMs } = rangeLists(top);
  expect(sources.map(({ label, isNew }) => [label, isNew])).toEqual([
    ['203.0.113.7', false],
    ['2001:db8::53', true],
  ]);
  expect(newSources).toEqual([{ addr: '2001:db8::53', firstSeenMs: 90_000, packets: 9 }]);
  expect(lengthMs).toBe(60_000);
});

test('a pair has source and destination', () => {
  expect(rangeLists(top).pairs[0]).toMatchObject({ label: '203.0.113.7 → 198.51.100.1', packets: 9, series: [4, 5] });
});

test('lists that cover almost all of the range have its name', () => {
  expect([61_000, 60_000, 12_000].map((ms) => lastText(ms, { id: '60 s', ms: 60_000 }))).toEqual([
    'last 60 s',
    'last 60 s',
    'last 12 s',
  ]);
  expect(lastText(86_400_000, { id: 'all', ms: 86_400_000 })).toBe('all recorded');
});

test('lists of live sums have rates and trends, and no new sources', () => {
  const { new_sources: _, ...live } = top;
  const lists = liveLists({ ...live, since_ms: 55_000 });
  expect(lists.sources).toMatchObject([
    { label: '203.0.113.7', packets: 9, series: [4, 5], isNew: false },
    { label: '2001:db8::53', isNew: false },
  ]);
  expect(lists).toMatchObject({ newSources: [], totals: null, lengthMs: 60_000 });
});

test('lists of recorded packets have totals, and the number of ports of a source', () => {
  const list = <Entry extends object>(entry: Entry, distinct: number) => ({
    entries: [{ packets: 90, bytes: 900, ...entry }],
    others: { packets: 10, bytes: 100 },
    distinct,
  });
  const past: PastTops = {
    sources: list({ addr: '203.0.113.7', ports: 41 }, 12),
    ports: list({ ip_protocol: 6, port: 443 }, 3),
    pairs: list({ src_addr: '203.0.113.7', dst_addr: '198.51.100.1' }, 14),
    rules: list({ rule_id: 12 }, 1),
    interfaces: list({ name: 'eth0' }, 2),
    coverage: {
      packets: 100,
      records: 100,
      missing: [
        { kind: 'uncounted', count: 4, message: 'Too many.', node: 'web-1' },
        { kind: 'uncounted', count: 3, message: 'Too many.', node: 'web-2' },
      ],
    },
  };
  const lists = recordedLists(past, 60_000);
  expect(lists.sources[0]).toMatchObject({ note: '41 ports', packets: 90, series: [] });
  expect(lists.sources[0]?.denies).toEqual({ address: '203.0.113.7', text: '203.0.113.7' });
  expect(lists.totals?.sources).toEqual({ packets: 100, distinct: 12 });
  expect(lists.rules).toEqual([{ rule_id: 12, packets: 90, bytes: 900, series: [] }]);
  expect(lists.uncounted).toBe(7);
  expect(lists.interfaces[0]).toMatchObject({
    filter: 'iface "eth0"',
    denies: { fields: { source: 'any', interface: 'eth0' }, text: 'everything on eth0' },
  });
});

test('lists of several nodes say which numbers are bounds, and filter interfaces by their own names', () => {
  const list = <Entry extends object>(entry: Entry) => ({
    entries: [{ packets: 90, bytes: 900, ...entry }],
    others: { packets: 10, bytes: 100 },
    distinct: 12,
  });
  const { sources, ports, interfaces, totals } = recordedLists(
    {
      sources: {
        ...list({ addr: '203.0.113.7', ports: 41, ports_at_least: true, at_least: true } as const),
        at_most: true,
      },
      ports: list({ ip_protocol: 6, port: 443 }),
      pairs: list({ src_addr: '203.0.113.7', dst_addr: '198.51.100.1' }),
      rules: list({ rule_id: 12 }),
      interfaces: list({ name: 'web-1 eth0', on_node: 'eth0' }),
      coverage: { packets: 100, records: 100, missing: [] },
    },
    60_000,
  );
  expect(sources[0]).toMatchObject({ note: 'at least 41 ports', isAtLeast: true });
  expect(ports[0]?.isAtLeast).toBeUndefined();
  expect(totals?.sources).toEqual({ packets: 100, distinct: 12, isAtMost: true });
  expect(interfaces[0]).toMatchObject({
    label: 'web-1 eth0',
    filter: 'iface "eth0"',
    filterShows: 'packets of eth0 on every node',
  });
});
