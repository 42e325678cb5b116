import type { Missing } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { missingParts, nodesText, packetsText } from './coverage-text.ts';

const span = { fromMs: 100_000, toMs: 160_000 };
const message = 'A whole sentence.';
const coverage = (packets: number, records = packets, missing: Missing[] = []) => ({ packets, records, missing });

describe('packetsText', () => {
  it.each([
    [0, 'no packets'],
    [1, '1 packet'],
    [12_310, '12,310 packets'],
    [1_200_000, '1.20\u00a0M packets'],
  ])('%d', (packets, text) => expect(packetsText(coverage(packets))).toBe(text));
});

describe('missingParts', () => {
  it('is empty if every packet was recorded', () => expect(missingParts(coverage(9), span)).toEqual([]));

  it.each<[Missing, string]>([
    [{ kind: 'lost', count: 3120, message }, 'lost 3,120'],
    [{ kind: 'lost', from_ms: 120_000, to_ms: 120_800, message }, 'gap of 0.8 s'],
    [{ kind: 'lost', from_ms: 99_000, to_ms: 101_000, count: 7, message }, 'lost 7, gap of 1.0 s'],
    [{ kind: 'expired', to_ms: 112_000, message }, '12 s deleted by age or size'],
    [{ kind: 'not_recorded', from_ms: 130_000, message }, 'not recorded for 30 s'],
    [{ kind: 'forgotten', count: 4, message }, '4 removed on request'],
    [{ kind: 'damaged', count: 2, message }, '2 segments damaged'],
    [{ kind: 'uncounted', message }, 'too many values to list all'],
    [{ kind: 'unchecked', count: 5120, message }, '5,120 not checked'],
    [
      { kind: 'not_counted', to_ms: new Date(2026, 10, 30, 21, 3, 10).getTime(), message },
      'not counted before 21:03:10',
    ],
    [{ kind: 'not_counted', message }, 'partly not counted'],
    [{ kind: 'not_recorded', count: 9, message }, '9 not recorded'],
  ])('%j', (missing, text) => {
    expect(missingParts(coverage(9, 9, [missing]), span)).toEqual([
      { text, sentence: message, isLoss: ['lost', 'damaged', 'unchecked'].includes(missing.kind) },
    ]);
  });

  it.each([
    [8000, 1000, 'sampled 1 of 8'],
    [1000, 900, 'sampled 90 %'],
  ])('says that %d packets are known from %d records', (packets, records, text) => {
    expect(missingParts(coverage(packets, records), span)[0]?.text).toBe(text);
  });
});

describe('of several nodes', () => {
  const without = [
    { name: 'web-3', why: 'no_recorder', message: 'Start it with --record on.' },
    { name: 'web-4', why: 'unreachable', message: 'It is asked when it is back.' },
  ] as const;
  const nodes = { answered: ['web-1', 'web-2'], without };

  it('says how many nodes the figures are of', () => {
    expect(nodesText(undefined)).toBe('');
    expect(nodesText(nodes)).toBe(' on 2 of 4 nodes');
    expect(nodesText({ answered: ['web-1', 'web-2'], without: [] })).toBe(' on all 2 nodes');
  });

  it('names the node of each part', () => {
    const parts = missingParts(
      {
        ...{ packets: 90, records: 20, nodes },
        missing: [{ kind: 'lost', count: 3, message, node: 'web-1' }],
        by_node: [
          { name: 'web-1', packets: 10, records: 10 },
          { name: 'web-2', packets: 80, records: 10 },
        ],
      },
      span,
    );
    expect(parts.map(({ text }) => text)).toEqual([
      'web-2: sampled 1 of 8',
      'web-3 has no recorder',
      'web-4 is not reachable',
      'web-1: lost 3',
    ]);
    expect(parts.at(-1)?.sentence).toBe('web-1: A whole sentence.');
  });
});
