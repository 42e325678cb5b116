import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findScans, isProbe, MAX_PROBE_ROWS, MIN_SCAN_TARGETS, type Probe, type Traffic } from './scans.ts';

const [SYN, RST, PSH, ACK] = [0x02, 0x04, 0x08, 0x10];
const PROBE: Probe = { source: 's', destination: 'd', ipProtocol: 6, port: 80 };
const ports = (count: number, from = 1, over: Partial<Probe> = {}) =>
  Array.from({ length: count }, (_, i) => ({ ...PROBE, ...over, port: from + i }));
const addresses = (count: number, over: Partial<Probe> = {}) =>
  Array.from({ length: count }, (_, i) => ({ ...PROBE, ...over, destination: `d${i}` }));
const found = (probes: readonly (Probe | null)[]) =>
  findScans(probes).map(({ kind, probes: { length } }) => `${length} ${kind}`);

describe('isProbe', () => {
  const traffic = (over: Partial<Traffic>): Traffic => ({
    ipProtocol: 6,
    hasPorts: true,
    port: 80,
    flags: SYN,
    rows: 1,
    ...over,
  });
  const MORE = MAX_PROBE_ROWS + 1;
  test.each<[string, boolean, Partial<Traffic>]>([
    ['a SYN', true, {}],
    ['SYNs that were never answered, however many', true, { rows: 1_000 }],
    ['a TCP connect scan of an open port', true, { flags: SYN | ACK | RST, rows: MAX_PROBE_ROWS }],
    ['a client that sends a request', false, { flags: SYN | ACK | PSH, rows: MORE }],
    ['a packet of an older connection', false, { flags: ACK }],
    ['an answer of a service at a high port', false, { flags: SYN | ACK | RST, port: 40_000 }],
    ['a SYN to a high port', true, { port: 40_000 }],
    ['a frame whose ports could not be read', false, { port: 0 }],
    ['a few datagrams', true, { ipProtocol: 17, flags: 0, rows: MAX_PROBE_ROWS }],
    ['many datagrams', false, { ipProtocol: 17, flags: 0, rows: MORE }],
    ['a ping', true, { ipProtocol: 1, hasPorts: false, port: 8 << 8 }],
    ['a ping over IPv6', true, { ipProtocol: 58, hasPorts: false, port: 128 << 8 }],
    ['many pings', false, { ipProtocol: 1, hasPorts: false, port: 8 << 8, rows: MORE }],
    ['an answer to a ping', false, { ipProtocol: 1, hasPorts: false, port: 0 }],
    ['a frame of another protocol', false, { ipProtocol: 255, hasPorts: false, port: 0 }],
  ])('%s: %s', (_, expected, over) => {
    expect(isProbe(traffic(over))).toBe(expected);
  });
});

describe('findScans', () => {
  test('enough ports of one address are a scan, one less is none', () => {
    expect(found(ports(MIN_SCAN_TARGETS))).toEqual(['16 ports']);
    expect(found(ports(MIN_SCAN_TARGETS - 1))).toEqual([]);
  });

  test('enough addresses with one port are a scan, one less is none', () => {
    expect(found(addresses(MIN_SCAN_TARGETS))).toEqual(['16 addresses']);
    expect(found(addresses(MIN_SCAN_TARGETS - 1))).toEqual([]);
  });

  test('a port that was probed with several results counts once', () => {
    const twice = ports(MIN_SCAN_TARGETS - 1);
    expect(found([...twice, ...twice])).toEqual([]);
  });

  test('many clients of one service are no scan', () => {
    expect(found(Array.from({ length: 100 }, (_, i) => ({ ...PROBE, source: `s${i}` })))).toEqual([]);
  });

  test('sources, destinations and protocols are not mixed', () => {
    for (const over of [{ source: 't' }, { destination: 'e' }, { ipProtocol: 17 }]) {
      expect(found([...ports(10), ...ports(10, 11, over)])).toEqual([]);
    }
  });

  test('a resolver that asks many name servers is no scan', () => {
    expect(found(addresses(100, { ipProtocol: 17, port: 53 }))).toEqual([]);
    expect(found(addresses(100, { ipProtocol: 17, port: 123 }))).toEqual(['100 addresses']);
  });

  test('types of ICMP are not counted as ports', () => {
    expect(found(ports(100, 1, { ipProtocol: 1 }))).toEqual([]);
    expect(found(addresses(100, { ipProtocol: 1, port: 8 << 8 }))).toEqual(['100 addresses']);
  });

  test('of a port scan and a sweep that share a probe, the larger has it', () => {
    expect(found([...ports(20, 80), ...addresses(30)])).toEqual(['31 addresses', '19 ports']);
    // Without the shared probe, the smaller is no scan.
    expect(found([...ports(16, 80), ...addresses(30)])).toEqual(['31 addresses']);
  });

  test('each probe is in at most one scan, each scan is large enough, and their order does not matter', () => {
    const [few, many] = [fc.nat({ max: 1 }), fc.nat({ max: 39 })];
    const probe = fc
      .record({
        source: fc.constantFrom('s', 't'),
        ends: fc.oneof(fc.tuple(few, many), fc.tuple(many, few)),
        ipProtocol: fc.constantFrom(6, 6, 6, 17),
      })
      .map(({ ends: [destination, port], ...rest }) => ({ ...rest, destination: `d${destination}`, port: port + 50 }));
    const some = fc.array(fc.option(probe), { minLength: 300, maxLength: 500, size: 'max' });
    let scans = 0;
    fc.assert(
      fc.property(some, fc.integer(), (probes, seed) => {
        const result = findScans(probes);
        const indexes = result.flatMap((scan) => scan.probes);
        expect(new Set(indexes).size).toBe(indexes.length);
        for (const { kind, probes: members } of result) {
          const all = members.map((index) => probes[index] as Probe);
          const targets = new Set(all.map(({ port, destination }) => (kind === 'ports' ? port : destination)));
          expect(targets.size).toBeGreaterThanOrEqual(MIN_SCAN_TARGETS);
          const shared = new Set(
            all.map((each) => `${each.source} ${kind === 'ports' ? each.destination : each.port}`),
          );
          expect(shared.size).toBe(1);
        }
        const order = shuffled(probes.length, seed);
        const other = findScans(order.map((index) => probes[index] ?? null));
        const named = (each: readonly { key: string; probes: readonly number[] }[], as: (index: number) => number) =>
          each.map((scan) => [scan.key, scan.probes.map(as).sort((a, b) => a - b)]);
        expect(named(other, (index) => order[index] as number)).toEqual(named(result, (index) => index));
        scans += result.length;
      }),
    );
    // Otherwise nothing was tested.
    expect(scans).toBeGreaterThan(0);
  });
});

/** The numbers below `count` in an order that depends on `seed`. */
function shuffled(count: number, seed: number): number[] {
  const hash = (number: number) => Math.imul(number ^ seed, 0x9e3779b1) ^ (Math.imul(number, 0x85ebca6b) >>> 7);
  return [...Array(count).keys()].sort((a, b) => hash(a) - hash(b) || a - b);
}
