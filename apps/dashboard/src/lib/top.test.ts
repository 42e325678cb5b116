import { expect, test } from 'vitest';
import { makeSummary } from './test-data.ts';
import { topLists } from './top.ts';

const source = (addr: string, packets: number) => ({ addr, packets, bytes: packets * 60 });

test('the lists of several seconds are joined, as rates and as shares of all records', () => {
  const lists = topLists(
    [
      makeSummary({ records: 60, top_sources: [source('192.0.2.1', 40), source('192.0.2.2', 10)] }),
      makeSummary({ records: 40, top_sources: [source('192.0.2.2', 30)] }),
    ],
    8,
  );
  expect(lists.seconds).toBe(2);
  expect(lists.sources).toEqual([
    { key: '192.0.2.1', label: '192.0.2.1', note: '', packetsPerSecond: 20, share: 0.4 },
    { key: '192.0.2.2', label: '192.0.2.2', note: '', packetsPerSecond: 20, share: 0.4 },
  ]);
});

test('only the most frequent are kept', () => {
  const summary = makeSummary({ records: 6, top_sources: [source('a', 1), source('b', 3), source('c', 2)] });
  expect(topLists([summary], 2).sources.map(({ label }) => label)).toEqual(['b', 'c']);
});

test('the same port of two protocols is two entries, with a hint at what it is for', () => {
  const port = (ip_protocol: number) => ({ ip_protocol, port: 443, packets: 1, bytes: 60 });
  const { ports } = topLists([makeSummary({ records: 2, top_ports: [port(6), port(17)] })], 8);
  expect(ports.map(({ label, note }) => `${label} ${note}`).sort()).toEqual(['443 TCP https', '443 UDP https']);
});

test('a protocol says when it came over IPv6, and a frame that is not IP says what it is', () => {
  const protocol = (ip_protocol: number, ether_type: number) => ({ ip_protocol, ether_type, packets: 1, bytes: 60 });
  const summary = makeSummary({
    records: 3,
    by_protocol: [protocol(6, 0x0800), protocol(6, 0x86dd), protocol(255, 0x0806)],
  });
  expect(
    topLists([summary], 8)
      .protocols.map(({ label, note }) => `${label} ${note}`.trim())
      .sort(),
  ).toEqual(['ARP', 'TCP', 'TCP IPv6']);
});

test('without summaries the lists are empty', () => {
  expect(topLists([], 8)).toEqual({ sources: [], ports: [], protocols: [], seconds: 0 });
});
