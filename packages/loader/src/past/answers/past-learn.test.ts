import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  formatNetwork,
  hasPorts,
  icmpRead,
  type Network,
  type PacketLog,
  type PastLearned,
  parseAddress,
  parseFilter,
  parseNetwork,
  pastLearnedSchema,
  portsRead,
  rulesRequestSchemas,
} from '@packetlog/common';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL, removePast, selectedPackets, TIMES, writePast } from '../../../test/support/past-fixture.ts';
import { tryPast } from '../../past-dry-run/try-past.ts';
import { Compiler } from '../../rules/compiler/worker/compiler.ts';
import { EMPTY_RULESET } from '../../rules/ruleset/ruleset.ts';
import { PastPlaces } from '../past-places.ts';
import { answerTo } from '../past-question.ts';
import { KnownFacts } from '../reading/known-facts.ts';
import { type LearnOptions, pastLearn } from './past-learn.ts';
import { PastView } from './past-view.ts';
import { QuestionError } from './question-error.ts';

const NS_PER_MS = 1_000_000n;
const FIRST_MS = Number((TIMES[0] as bigint) / NS_PER_MS);
const LAST_MS = Number((TIMES.at(-1) as bigint) / NS_PER_MS) + 1;
const EVERYTHING = { from_ms: FIRST_MS, to_ms: LAST_MS };
const RECORDER = { bytes: 5, max_bytes: 10, is_anonymized: false };

let directory = '';
const compiler = new Compiler();
beforeAll(() => {
  directory = writePast();
});
afterAll(async () => {
  removePast(directory);
  await compiler.close();
});

function learned(request: object, is_anonymized = false): PastLearned {
  const asked = { verb: 'learn', request, recorder: { ...RECORDER, is_anonymized } } as const;
  const answering = answerTo(asked, { directory, known: new KnownFacts(), places: new PastPlaces() });
  for (;;) {
    const { done, value } = answering.next();
    if (done !== true) continue;
    if (!value.answer.ok) throw new Error(value.answer.error.message);
    const found = JSON.parse(value.answer.json) as PastLearned;
    pastLearnedSchema.parse(found);
    return found;
  }
}

function limited(options: Partial<LearnOptions>): PastLearned {
  const view = new PastView(directory, new KnownFacts());
  const range = { fromNs: undefined, toNs: undefined };
  const answering = pastLearn(view, {
    range,
    from: { filter: parseFilter('tcp') },
    isAnonymized: false,
    services: [],
    ...options,
  });
  for (;;) {
    const { done, value } = answering.next();
    if (done === true) return value;
  }
}

const isIp = ({ ether_type }: PacketLog) => ether_type === 0x0800 || ether_type === 0x86dd;

function kindOf(packet: PacketLog): string {
  const { ip_protocol, dst_port } = packet;
  if (hasPorts(ip_protocol)) return `${ip_protocol} port ${portsRead(packet) ? dst_port : 'none'}`;
  return icmpRead(packet) ? `${ip_protocol} type ${dst_port >> 8}` : `${ip_protocol}`;
}

interface NaiveKind {
  packets: number;
  bytes: number;
  sources: Set<string>;
  other_packets: number;
}

function naive(packets: readonly PacketLog[], isMember: (addr: string) => boolean): Map<string, NaiveKind> {
  const kinds = new Map<string, NaiveKind>();
  for (const packet of packets.filter(isIp)) {
    const key = kindOf(packet);
    const kind = kinds.get(key) ?? { packets: 0, bytes: 0, sources: new Set<string>(), other_packets: 0 };
    kinds.set(key, kind);
    if (isMember(packet.src_addr)) {
      kind.packets += packet.weight;
      kind.bytes += packet.weight * packet.length;
      kind.sources.add(packet.src_addr);
    } else kind.other_packets += packet.weight;
  }
  return kinds;
}

function asNaive({ ip_protocol, port, icmp_type }: PastLearned['only']['entries'][number]): string {
  if (hasPorts(ip_protocol)) return `${ip_protocol} port ${port ?? 'none'}`;
  return icmp_type === undefined ? `${ip_protocol}` : `${ip_protocol} type ${icmp_type}`;
}

function expectNaive(found: PastLearned, packets: readonly PacketLog[], isMember: (addr: string) => boolean): void {
  const kinds = [...naive(packets, isMember)].filter(([, kind]) => kind.packets > 0);
  for (const name of ['only', 'shared'] as const) {
    const list = found[name];
    const expected = kinds.filter(([, kind]) => (kind.other_packets === 0) === (name === 'only'));
    expect(list.distinct, name).toBe(expected.length);
    const sum = (of: 'packets' | 'bytes') =>
      list.entries.reduce((total, entry) => total + entry[of], 0) + list.others[of];
    expect(sum('packets')).toBe(expected.reduce((total, [, kind]) => total + kind.packets, 0));
    expect(sum('bytes')).toBe(expected.reduce((total, [, kind]) => total + kind.bytes, 0));
    const byKey = new Map(expected);
    for (const entry of list.entries) {
      const kind = byKey.get(asNaive(entry));
      expect({ ...entry }, asNaive(entry)).toMatchObject({
        packets: kind?.packets,
        bytes: kind?.bytes,
        sources: kind?.sources.size,
        ...(name === 'shared' && { other_packets: kind?.other_packets }),
      });
      expect('other_packets' in entry).toBe(name === 'shared');
    }
    const listed = list.entries.map((entry) => entry.packets);
    expect(listed).toEqual(listed.toSorted((one, other) => other - one));
  }
  const member = packets.filter((packet) => isIp(packet) && isMember(packet.src_addr));
  expect(found.sources).toMatchObject({
    packets: member.reduce((sum, { weight }) => sum + weight, 0),
    distinct: new Set(member.map(({ src_addr }) => src_addr)).size,
  });
  expect(found.coverage).toMatchObject({
    packets: packets.reduce((sum, { weight }) => sum + weight, 0),
    records: packets.length,
  });
}

function isInside(addr: string, networks: readonly Network[]): boolean {
  const bytes = parseAddress(addr);
  return networks.some(
    (network) =>
      formatNetwork({ ...network, bytes: bytes.map((byte, i) => byte & maskOf(network.bits, i)) }) ===
      formatNetwork(network),
  );
}

function maskOf(bits: number, i: number): number {
  return 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i)));
}

/** IPv4 addresses of the fixture, and their networks. */
const ADDRESSES = [...new Set(ALL.filter(isIp).map(({ src_addr }) => src_addr))].filter((addr) => addr.includes('.'));
const NETWORKS = [
  ...ADDRESSES.slice(0, 200),
  ...ADDRESSES.slice(0, 50).map((addr) => `${addr.split('.').slice(0, 3).join('.')}.0/24`),
  '10.0.0.0/8',
  '0.0.0.0/0',
  '198.51.100.77',
];

describe('past:learn', () => {
  it('finds what only these networks sent, as a naive count does', () => {
    const range = fc
      .tuple(fc.integer({ min: FIRST_MS - 500, max: LAST_MS }), fc.integer({ min: 1, max: LAST_MS - FIRST_MS + 1000 }))
      .map(([from_ms, ms]) => ({ from_ms, to_ms: from_ms + ms }));
    const sources = fc.array(fc.constantFrom(...NETWORKS), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(range, sources, (asked, set) => {
        const networks = set.map((text) => parseNetwork(text));
        const packets = selectedPackets(undefined, BigInt(asked.from_ms) * NS_PER_MS, BigInt(asked.to_ms) * NS_PER_MS);
        const members = new Map(ADDRESSES.map((addr) => [addr, isInside(addr, networks)]));
        expectNaive(learned({ ...asked, sources: set }), packets, (addr) => members.get(addr) ?? false);
      }),
      {
        numRuns: 12,
        examples: [
          [EVERYTHING, ['0.0.0.0/0']],
          [EVERYTHING, ADDRESSES.slice(0, 60)],
        ],
      },
    );
  });

  it.each(['deny', 'tcp dst port 443', 'iface eth0', 'udp and not src net 10.0.0.0/8', `src ${ADDRESSES[0]}`])(
    'finds what only the sources of a filter sent: %s',
    (filter) => {
      const all = selectedPackets(undefined, BigInt(FIRST_MS) * NS_PER_MS, BigInt(LAST_MS) * NS_PER_MS);
      const matching = selectedPackets(filter, BigInt(FIRST_MS) * NS_PER_MS, BigInt(LAST_MS) * NS_PER_MS);
      const members = new Set(matching.filter(isIp).map(({ src_addr }) => src_addr));
      const found = learned({ ...EVERYTHING, filter });
      expectNaive(found, all, (addr) => members.has(addr));
      expect(found.sources.distinct).toBe(members.size);
      expect(members.size).toBeGreaterThan(0);
    },
  );

  it.each(['udp', 'icmp or icmp6', 'udp or dst port 22'])(
    'proposes rules whose dry run denies exactly what only the sources of a filter sent: %s',
    async (filter) => {
      const found = learned({ ...EVERYTHING, filter });
      const { rules, uncovered } = found.by_kind;
      expect(rules.length).toBeGreaterThan(0);
      const total = rules.reduce((sum, { packets }) => sum + packets, 0);
      const only = found.only.entries.reduce((sum, { packets }) => sum + packets, found.only.others.packets);
      expect(total + uncovered.packets).toBe(only);
      const { dryRun, report } = await tried(rules.map(({ rule }) => rule));
      expect(report.denied.packets).toBe(total);
      const matching = selectedPackets(filter, BigInt(FIRST_MS) * NS_PER_MS, BigInt(LAST_MS) * NS_PER_MS);
      const members = new Set(matching.map(({ src_addr }) => src_addr));
      const { sums } = dryRun;
      expect(sums?.sources.size).toBeGreaterThan(0);
      for (let source = 0; source < (sums?.sources.size ?? 0); source++) {
        expect(members.has(sums?.sources.entry(source).addr ?? '')).toBe(true);
      }
    },
  );

  it('proposes rules by source whose dry run denies all that the set sent', async () => {
    const few = learned({ ...EVERYTHING, sources: ADDRESSES.slice(0, 3) });
    expect(few.by_source).toMatchObject({ list: [], unlisted: 0 });
    expect((await tried(few.by_source.rules)).report.denied.packets).toBe(few.sources.packets);
    const many = limited({ from: { filter: parseFilter('tcp and src net 0.0.0.0/0') }, limits: { list: 1_000_000 } });
    expect(many.by_source.rules).toMatchObject([{ action: 'deny', source: 'set:learned' }]);
    expect(many.by_source.list).toHaveLength(many.sources.distinct);
    const sets = { learned: many.by_source.list.join('\n') };
    expect((await tried(many.by_source.rules, sets)).report.denied.packets).toBe(many.sources.packets);
  });

  it('lists the sources with the most packets, and says how many it leaves out', () => {
    const { by_source, sources } = limited({ limits: { list: 25 } });
    expect(by_source.list).toEqual(sources.entries.slice(0, 25).map(({ addr }) => addr));
    expect(by_source.unlisted).toBe(sources.distinct - 25);
    expect(by_source.unlisted).toBeGreaterThan(0);
  });

  it('gives reasons that a rule may have, with the range', () => {
    const [first = ''] = ADDRESSES;
    const { by_kind, by_source } = learned({ ...EVERYTHING, filter: `src ${first}` });
    for (const rule of [...by_kind.rules.map((each) => each.rule), ...by_source.rules]) {
      expect(rule.reason).toMatch(/from 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d to .* UTC/);
    }
    expect(by_source.rules).toMatchObject([{ source: first }]);
    expect(learned({ ...EVERYTHING, sources: [first, `${first}/32`] }).by_source.rules).toHaveLength(1);
  });

  it('proposes networks as sources where networks are recorded', () => {
    const [first = ''] = ADDRESSES;
    expect(learned({ ...EVERYTHING, filter: `src ${first}` }, true).by_source.rules).toMatchObject([
      { source: `${first.split('.').slice(0, 3).join('.')}.0/24` },
    ]);
  });

  it('proposes nothing if the set sent nothing', () => {
    const found = learned({ ...EVERYTHING, sources: ['198.51.100.77'] });
    expect(found.sources).toMatchObject({ packets: 0, distinct: 0 });
    expect([found.by_kind.rules, found.by_source.rules]).toEqual([[], []]);
  });

  it('says when the numbers of sources are too low, and still proposes exact rules', () => {
    const from = { networks: [parseNetwork('0.0.0.0/0')] };
    const all = limited({ from });
    for (const limits of [
      { sources: 5, pairs: 1_000_000 },
      { sources: 1_000_000, pairs: 5 },
    ]) {
      const found = limited({ from, limits });
      expect(found.coverage.missing).toContainEqual(expect.objectContaining({ kind: 'uncounted' }));
      expect(found.by_kind).toEqual(all.by_kind);
      expect(found.sources.packets).toBe(all.sources.packets);
    }
    expect(all.coverage.missing).toEqual([]);
  });

  it('is rejected if more sources match than can be held', () => {
    expect(() => limited({ limits: { sources: 5, pairs: 100 } })).toThrow(QuestionError);
  });

  it.each([
    { ...EVERYTHING },
    { ...EVERYTHING, sources: ['192.0.2.1'], filter: 'tcp' },
    { ...EVERYTHING, sources: [] },
    { ...EVERYTHING, sources: ['192.0.2.1/24'] },
    { ...EVERYTHING, sources: Array.from({ length: 501 }, () => '192.0.2.1') },
  ])('is rejected if it is invalid: %#', (request) => {
    expect(() => learned(request)).toThrow('not valid');
  });

  it('names a damaged segment once, whether the filter or the sums met it', () => {
    const copy = writePast();
    try {
      writeFileSync(join(copy, '00000003.native.zst'), 'damaged');
      const view = new PastView(copy, new KnownFacts());
      const answering = pastLearn(view, {
        range: { fromNs: undefined, toNs: undefined },
        from: { filter: parseFilter('tcp') },
        isAnonymized: false,
        services: [],
      });
      let step = answering.next();
      while (step.done !== true) step = answering.next();
      expect(step.value.coverage.missing).toMatchObject([{ kind: 'damaged', count: 1 }]);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

async function tried(rules: readonly object[], sets: Record<string, string> = {}) {
  return tryPast({
    request: rulesRequestSchemas.test.parse({ rules, sets, seconds: 1 }),
    directory,
    range: { fromNs: BigInt(FIRST_MS) * NS_PER_MS, toNs: BigInt(LAST_MS) * NS_PER_MS },
    current: EMPTY_RULESET,
    protectedNow: () => [],
    compiler,
    stop: new AbortController().signal,
    progress: () => {},
  });
}
