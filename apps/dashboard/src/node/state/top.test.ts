import { expect, test } from 'vitest';
import { makeSummary } from '../../../test/support/samples.ts';
import { topLists } from './top.ts';

const protocol = (ip_protocol: number, ether_type: number, packets: number) => ({
  ip_protocol,
  ether_type,
  packets,
  bytes: packets * 60,
});

test('the lists of several seconds are merged into rates and shares of all records', () => {
  const lists = topLists(
    [
      makeSummary({ records: 60, by_protocol: [protocol(6, 0x0800, 40), protocol(17, 0x0800, 10)] }),
      makeSummary({ records: 40, by_protocol: [protocol(17, 0x0800, 30)] }),
    ],
    8,
  );
  expect(lists.seconds).toBe(2);
  expect(lists.protocols).toEqual([
    { key: '17/2048', label: 'UDP', note: '', packetsPerSecond: 20, share: 0.4 },
    { key: '6/2048', label: 'TCP', note: '', packetsPerSecond: 20, share: 0.4 },
  ]);
});

test('only the most frequent entries are kept', () => {
  const list = [protocol(1, 0x0800, 1), protocol(6, 0x0800, 3), protocol(17, 0x0800, 2)];
  const { protocols } = topLists([makeSummary({ records: 6, by_protocol: list })], 2);
  expect(protocols.map(({ label }) => label)).toEqual(['TCP', 'UDP']);
});

test('a protocol over IPv6 has a note, and a frame that is not IP has its Ethernet type', () => {
  const summary = makeSummary({
    records: 3,
    by_protocol: [protocol(6, 0x0800, 1), protocol(6, 0x86dd, 1), protocol(255, 0x0806, 1)],
  });
  expect(
    topLists([summary], 8)
      .protocols.map(({ label, note }) => `${label} ${note}`.trim())
      .sort(),
  ).toEqual(['ARP', 'TCP', 'TCP IPv6']);
});

test('without summaries the lists are empty', () => {
  expect(topLists([], 8)).toEqual({ sources: [], protocols: [], seconds: 0 });
});
