import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodePacketLog,
  formatAddress,
  PACKET_LOG_SIZE,
  type PacketLog,
  type PastTop,
  parseAddress,
  pastTopSchema,
} from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mmdb } from '../../../test/support/fake-mmdb.ts';
import { ALL, removePast, TIMES, writePast } from '../../../test/support/past-fixture.ts';
import { openPlaceDatabase } from '../../enrichment/place-database.ts';
import { SourcePlaces } from '../../enrichment/source-places.ts';
import { writeSegment } from '../../recorder/format/index.ts';
import { KnownFacts } from '../reading/known-facts.ts';
import { wordsAt } from './block-addresses.ts';
import { KeySums } from './key-sums.ts';
import { pastTop } from './past-top.ts';
import { PastView } from './past-view.ts';
import { placeGroups } from './source-groups.ts';

const NS_PER_MS = 1_000_000n;
const RANGE = {
  from_ms: Number((TIMES[0] as bigint) / NS_PER_MS),
  to_ms: Number((TIMES.at(-1) as bigint) / NS_PER_MS) + 1,
};
const IP = ALL.filter(({ ip_protocol }) => ip_protocol !== 255);
const SOURCES = [...new Set(IP.map(({ src_addr }) => src_addr))];

let directory = '';
beforeAll(() => {
  directory = writePast();
});
afterAll(() => removePast(directory));

type Groups = NonNullable<PastTop['groups']>;
type Databases = readonly ReturnType<typeof openPlaceDatabase>[];
const NO_PLACES = { databases: [], problem: 'None.' };

function topOf(group: 'network' | 'as' | 'country', limit: number, databases: Databases = [], maxKeys?: number) {
  const options = { places: { databases, problem: undefined }, ...(maxKeys !== undefined && { maxKeys }) };
  const answering = pastTop(new PastView(directory, new KnownFacts()), { ...RANGE, group, limit }, options);
  let step = answering.next();
  while (step.done !== true) step = answering.next();
  const { groups, ...top } = pastTopSchema.parse(step.value);
  if (groups === undefined) throw new Error('the answer has no groups');
  return { groups, ...top };
}

const packetsOf = (packets: readonly PacketLog[]) => packets.reduce((sum, { weight }) => sum + weight, 0);

/** Groups the packets one by one. */
function compare(found: Groups, limit: number, nameOf: (address: string) => string): void {
  const groups = new Map<string, PacketLog[]>();
  for (const packet of IP) {
    const name = nameOf(packet.src_addr);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [packet]);
    else group.push(packet);
  }
  expect(found.distinct).toBe(groups.size);
  const largest = [...groups.values()].map(packetsOf).sort((one, other) => other - one);
  expect(found.entries.map(({ packets }) => packets)).toEqual(largest.slice(0, limit));
  for (const { name, packets, bytes, sources } of found.entries) {
    const group = groups.get(name) ?? [];
    const sum = group.reduce((all, { weight, length }) => all + weight * length, 0);
    expect([packets, bytes]).toEqual([packetsOf(group), sum]);
    expect(sources).toBe(new Set(group.map(({ src_addr }) => src_addr)).size);
  }
  const listed = found.entries.reduce((all, { packets }) => all + packets, 0);
  expect(listed + found.others.packets).toBe(packetsOf(IP));
}

/** The network of an address, computed with one large number. */
function networkOf(address: string, { v4, v6 }: { v4: number; v6: number }): string {
  const value = parseAddress(address).reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  const [prefix, width] = address.includes(':') ? [v6, 128] : [v4, 32];
  const zeros = BigInt(width - prefix);
  const first = (value >> zeros) << zeros;
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number((first >> BigInt(8 * (15 - i))) & 0xffn));
  return `${formatAddress(bytes)}/${prefix}`;
}

function isIn(network: string, address: string): boolean {
  const prefix = Number(network.split('/')[1]);
  return network.includes(':') === address.includes(':') && networkOf(address, { v4: prefix, v6: prefix }) === network;
}

const open = (name: string, entries: Parameters<typeof mmdb>[1], version?: 4 | 6) =>
  openPlaceDatabase(name, Buffer.from(mmdb(name, entries, version)));
const as = (number: number, organisation: string) => ({
  autonomous_system_number: number,
  autonomous_system_organization: organisation,
});

describe('sources by network', () => {
  it.each([1, 10, 100])('are the largest sums, all others, and their number, %d of them', (limit) => {
    compare(topOf('network', limit).groups, limit, (address) => networkOf(address, { v4: 24, v6: 48 }));
  });

  it('filter by themselves', () => {
    for (const { name, networks } of topOf('network', 10).groups.entries) expect(networks).toEqual([name]);
  });

  it('change none of the other lists', () => {
    const { groups: _, ...grouped } = topOf('network', 10);
    const answering = pastTop(
      new PastView(directory, new KnownFacts()),
      { ...RANGE, limit: 10 },
      { places: NO_PLACES },
    );
    let step = answering.next();
    while (step.done !== true) step = answering.next();
    expect(step.value).toEqual(grouped);
  });
});

describe('sources by AS', () => {
  const ASES = open('ASN', {
    '0.0.0.0/2': as(64_496, 'Example One'),
    '64.0.0.0/2': as(64_497, 'Example Two'),
    '80.0.0.0/4': as(64_496, 'Example One'),
    '2001:db8::/33': as(64_498, 'Example Six'),
  });
  const nameOf = (address: string) => {
    if (isIn('80.0.0.0/4', address) || isIn('0.0.0.0/2', address)) return 'AS64496';
    if (isIn('64.0.0.0/2', address)) return 'AS64497';
    return isIn('2001:db8::/33', address) ? 'AS64498' : '';
  };

  it.each([2, 10])('are the largest sums, all others, and their number, %d of them', (limit) => {
    compare(topOf('as', limit, [ASES]).groups, limit, nameOf);
  });

  it('have the networks of the file that have all their sources, and no others', () => {
    const { entries } = topOf('as', 10, [ASES]).groups;
    expect(Object.fromEntries(entries.map(({ name, title, networks }) => [name, [title, networks]]))).toEqual({
      AS64496: ['Example One', ['0.0.0.0/2', '80.0.0.0/4']],
      // Only the parts of 64.0.0.0/2 that another entry does not take.
      AS64497: ['Example Two', ['64.0.0.0/4', '96.0.0.0/3']],
      AS64498: ['Example Six', ['2001:db8::/33']],
      '': [undefined, ['128.0.0.0/1', '2001:db8:8000::/33']],
    });
    for (const { name, networks = [] } of entries) {
      for (const source of SOURCES) {
        expect(networks.some((network) => isIn(network, source))).toBe(nameOf(source) === name);
      }
    }
  });

  it('stay exact where several files know sources: the first one decides', () => {
    const first = open('First', { '64.0.0.0/3': as(64_511, 'First') });
    const firstName = (address: string) => (isIn('64.0.0.0/3', address) ? 'AS64511' : nameOf(address));
    const { groups } = topOf('as', 10, [first, ASES]);
    compare(groups, 10, firstName);
    for (const { name, networks = [] } of groups.entries) {
      for (const source of SOURCES) {
        expect(networks.some((network) => isIn(network, source))).toBe(firstName(source) === name);
      }
    }
  });

  it('take the networks of the file that has AS numbers, however finely another one cuts', () => {
    const countries = open('Country', {
      '0.0.0.0/0': { country: 'NZ' },
      '10.1.2.0/24': { country: 'IS' },
      '70.0.0.0/9': { country: 'IS' },
    });
    const alone = topOf('as', 10, [ASES]).groups;
    const both = topOf('as', 10, [countries, ASES]).groups;
    const known = ({ name }: { name: string }) => name !== '';
    expect(both.entries.filter(known)).toEqual(alone.entries.filter(known));
  });
});

describe('the lookups of sources by AS', () => {
  it('are one for each network of the files, and find the same as one for each source', () => {
    const ases = open('Some', {
      '10.0.0.0/8': as(64_500, 'Ten'),
      '10.64.0.0/10': as(64_501, 'Part of ten'),
      '10.200.3.128/25': as(64_502, 'Small'),
      '192.0.2.0/24': as(64_500, 'Ten elsewhere'),
      '2001:db8::/32': as(64_503, 'Six'),
      '2001:db8:8000::/33': as(64_501, 'Part of six'),
    });
    const others = open('Others', { '10.64.7.0/24': { country: 'NZ' }, '11.0.0.0/16': as(64_504, 'Eleven') });
    const addresses = Array.from({ length: 3000 }, (_, i) => {
      const spread = (i * 7919) % 65_536;
      const [high, low] = [spread >> 8, spread & 0xff];
      const all = [`10.${high}.${low}.${i % 256}`, `10.200.3.${low}`, `192.0.2.${low}`, `11.0.${high}.${low}`];
      return [...all, `10.64.7.${low}`, `2001:db8:${spread.toString(16)}::1`, `2001:db9::${spread.toString(16)}`][
        i % 7
      ];
    }) as string[];
    const sources = new KeySums(addresses.length);
    for (const [i, address] of [...new Set(addresses)].entries()) {
      const words = new Int32Array(parseAddress(address).slice().buffer);
      sources.addTo(sources.numberOf(...wordsAt(words, 0)), { packets: i % 10, bytes: 60, records: 1 });
    }
    for (const files of [[ases], [others, ases], [ases, others]]) {
      let lookups = 0;
      const counted = files.map((file) => ({
        ...file,
        entryOf: (address: string) => {
          lookups++;
          return file.entryOf(address);
        },
      }));
      const found = groupsOf(sources, new SourcePlaces(counted, 'as'));
      expect(lookups).toBeLessThan((files.length * sources.size) / 3);
      // Every source has a network of its own: then each is looked up.
      const each = files.map((file) => ({
        ...file,
        entryOf: (address: string) => ({ ...file.entryOf(address), prefix: address.includes(':') ? 128 : 32 }),
      }));
      const withoutNetworks = (list: Groups) => list.entries.map(({ networks: _, ...entry }) => entry);
      expect(withoutNetworks(found)).toEqual(withoutNetworks(groupsOf(sources, new SourcePlaces(each, 'as'))));
      expect(found.entries.reduce((sum, entry) => sum + entry.sources, 0)).toBe(sources.size);
    }
  });
});

function groupsOf(sources: KeySums, places: SourcePlaces): Groups {
  const answering = placeGroups(sources, places, 20);
  let step = answering.next();
  while (step.done !== true) step = answering.next();
  return step.value;
}

describe('sources by country', () => {
  it('name no networks if there are more than 16', () => {
    const entries = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [
        `${4 * i}.0.0.0/6`,
        { country: { iso_code: i % 4 === 0 ? 'NZ' : 'IS', names: { en: i % 4 === 0 ? 'New Zealand' : 'Iceland' } } },
      ]),
    );
    const { groups } = topOf('country', 10, [open('Country', entries, 4)]);
    const nameOf = (address: string) =>
      address.includes(':') ? '' : Math.floor(Number(address.split('.')[0]) / 4) % 4 === 0 ? 'NZ' : 'IS';
    compare(groups, 10, nameOf);
    const byName = new Map(groups.entries.map((entry) => [entry.name, entry]));
    expect(byName.get('NZ')).toMatchObject({ title: 'New Zealand' });
    expect(byName.get('NZ')?.networks?.length).toBeLessThanOrEqual(16);
    expect(byName.get('IS')?.networks).toBeUndefined();
    expect(byName.get('')?.networks).toEqual(['::/0']);
  });
});

describe('more sources than are counted', () => {
  const PER_NETWORK = 200;
  const NETWORKS = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8:1::/48', '2001:db8:2::/48'];
  let crowd = '';
  beforeAll(() => {
    crowd = mkdtempSync(join(tmpdir(), 'packetlog-groups-'));
    const records = new Uint8Array(NETWORKS.length * PER_NETWORK * PACKET_LOG_SIZE);
    const [ipv4, ipv6] = ['.', ':'].map((mark) => IP.find(({ src_addr }) => src_addr.includes(mark)) as PacketLog);
    for (let i = 0; i < NETWORKS.length * PER_NETWORK; i++) {
      const network = NETWORKS[i % NETWORKS.length] as string;
      const host = 1 + Math.floor(i / NETWORKS.length);
      const sample = (network.includes(':') ? ipv6 : ipv4) as PacketLog;
      const src_addr = network.replace(/0\/24$/, String(host)).replace(/:\/48$/, `${host}::${host}`);
      encodePacketLog({ ...sample, src_addr, weight: 1 + (i % 3) }, records, i * PACKET_LOG_SIZE);
    }
    writeSegment(crowd, 1, records, { node: 'n' });
  });
  afterAll(() => removePast(crowd));

  it('are in their networks, exactly', () => {
    const view = new PastView(crowd, new KnownFacts());
    const answering = pastTop(view, { ...RANGE, group: 'network', limit: 5 }, { places: NO_PLACES, maxKeys: 50 });
    let step = answering.next();
    while (step.done !== true) step = answering.next();
    const { groups, sources, coverage } = pastTopSchema.parse(step.value);
    expect(sources.distinct).toBe(50);
    const weights = (at: number) =>
      Array.from({ length: PER_NETWORK }, (_, host) => 1 + ((host * NETWORKS.length + at) % 3));
    const expected = NETWORKS.map((name, at) => ({ name, packets: weights(at).reduce((sum, each) => sum + each, 0) }));
    const byName = (list: readonly { name: string; packets: number }[]) =>
      Object.fromEntries(list.map(({ name, packets }) => [name, packets]));
    expect(byName(groups?.entries ?? [])).toEqual(byName(expected));
    expect(groups).toMatchObject({ others: { packets: 0, bytes: 0 }, distinct: NETWORKS.length });
    expect(coverage.missing).toMatchObject([{ kind: 'uncounted' }]);
  });

  it('are in others, of an AS and of a country, and the answer says so', () => {
    const { groups, coverage } = topOf('country', 100, [open('Country', {})], 50);
    expect(groups.entries).toMatchObject([{ name: '', sources: 50 }]);
    expect((groups.entries[0]?.packets ?? 0) + groups.others.packets).toBe(packetsOf(IP));
    expect(groups.others.packets).toBeGreaterThan(0);
    expect(coverage.missing).toMatchObject([{ kind: 'uncounted' }]);
  });
});
