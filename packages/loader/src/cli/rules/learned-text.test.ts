import { type PastLearned, parseFilter, parseNetwork } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { commandsText, learnedText, listCommandOf } from './learned-text.ts';

const volume = { packets: 900, bytes: 60_000 };
const none = { packets: 0, bytes: 0 };
const draft = (source: string, more: object = {}) => ({ action: 'deny' as const, source, reason: "it's him", ...more });

const LEARNED: PastLearned = {
  sources: { ...volume, entries: [{ addr: '192.0.2.1', ...volume }], others: none, distinct: 1 },
  only: {
    entries: [
      { ip_protocol: 6, port: 23, ...volume, packets: 700, sources: 1 },
      { ip_protocol: 1, icmp_type: 13, ...volume, packets: 100, sources: 1 },
    ],
    others: none,
    distinct: 2,
  },
  shared: {
    entries: [{ ip_protocol: 6, port: 443, ...volume, packets: 100, sources: 1, other_packets: 5000 }],
    others: none,
    distinct: 1,
  },
  by_kind: {
    rules: [
      {
        rule: draft('any', { protocol: 'tcp', destination_port: 23 }),
        ...volume,
        packets: 700,
        kinds: 1,
        unused_ports: 0,
      },
    ],
    uncovered: { packets: 100, bytes: 6000, kinds: 1 },
    warnings: ['Rules deny more.'],
  },
  by_source: { rules: [draft('192.0.2.1')], list: [], unlisted: 0 },
  coverage: { packets: 9000, records: 9000, missing: [] },
};

describe('what was learned', () => {
  it('is the kinds, the rules as commands, and what they do not deny', () => {
    expect(learnedText(LEARNED, undefined, 'list')).toEqual([
      '1 source sent 900 packets.',
      'Compared with all 9,000 packets of the range: complete.',
      '',
      'Only this source sent (2 kinds, 800 packets):',
      '  700  TCP 23                  1 source',
      '  100  ICMP timestamp request  1 source',
      '',
      'Also sent by other sources, so a rule for the kind would deny their packets as well (1 kind, 100 packets):',
      '  100  TCP 443  1 source; 5,000 packets of others',
      '',
      'Proposed rules, which deny 700 packets of this range and none of other sources:',
      "  packetlog rules add deny any --protocol tcp --port 23 --reason 'it'\\''s him'",
      'Rules for any source revert unless they are confirmed: packetlog rules confirm',
      'Warning: Rules deny more.',
      '',
      'These rules do not deny 100 packets of 1 kind that only these sources sent: rules cannot match the kind alone, or they would be too many.',
      '',
      'Alternative that denies everything from these sources:',
      "  packetlog rules add deny 192.0.2.1 --reason 'it'\\''s him'",
    ]);
  });

  it('says what is missing in the range, and that others are estimates', () => {
    const missing = [{ kind: 'lost', message: 'Lost: 3 records.' } as const];
    const lines = learnedText({ ...LEARNED, coverage: { packets: 9000, records: 900, missing } }, undefined, 'list');
    expect(lines.slice(1, 4)).toEqual([
      'Sampled: 900 records stand for 9,000 packets, so packets of other sources may be missing.',
      'Not complete:',
      '  Lost: 3 records.',
    ]);
  });

  it('is nothing if the sources sent nothing', () => {
    const sources = { ...none, entries: [], others: none, distinct: 0 };
    expect(learnedText({ ...LEARNED, sources }, undefined, 'list')).toEqual([
      'These sources sent no recorded packets in this range.',
      'Compared with all 9,000 packets of the range: complete.',
    ]);
  });

  it('has only rules by source if no kind is theirs alone, and says if the list is not complete', () => {
    const by_kind = { ...LEARNED.by_kind, rules: [], uncovered: { ...none, kinds: 0 }, warnings: [] };
    const by_source = { rules: [draft('set:learned')], list: ['192.0.2.1', '192.0.2.2'], unlisted: 3 };
    const sources = { ...LEARNED.sources, distinct: 5 };
    const lines = learnedText({ ...LEARNED, sources, by_kind, by_source }, undefined, 'list');
    expect(lines.slice(-3)).toEqual([
      'No rule for a kind of traffic denies only packets of these sources. Rules that deny everything from them:',
      "  list | packetlog rules import - --set learned --once --reason 'it'\\''s him'",
      'Warning: The list has 2 of 5 sources.',
    ]);
  });
});

describe('commands', () => {
  it('have the port range of a rule, and no reason if there is none', () => {
    const rule = { action: 'deny' as const, source: 'any', protocol: 'udp', destination_port: '10-20' };
    expect(commandsText([rule], 'list')).toEqual(['packetlog rules add deny any --protocol udp --port 10-20']);
  });

  it('print the sources of the same range', () => {
    const range = { fromNs: 1_700_000_000_500_000_000n, toNs: undefined };
    const filter = parseFilter('tcp and iface "it\'s"');
    expect(listCommandOf({ range, from: { filter }, dir: '/mnt/a copy' })).toBe(
      "packetlog rules learn --from 2023-11-14T22:13:20.500Z --dir '/mnt/a copy' 'tcp and iface \"it'\\''s\"' --print sources",
    );
    const networks = [parseNetwork('192.0.2.0/24'), parseNetwork('192.0.2.1')];
    expect(listCommandOf({ range: { fromNs: undefined, toNs: 0n }, from: { networks }, dir: undefined })).toBe(
      'packetlog rules learn --to 1970-01-01T00:00:00.000Z --source 192.0.2.0/24 --source 192.0.2.1 --print sources',
    );
  });
});
