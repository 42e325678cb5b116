import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  connection,
  detected,
  forged,
  type MadePacket,
  RST,
  recordsOf,
  SERVER,
  START_MS,
  SYN,
} from '../../test/made-traffic.ts';
import { PACKET_LOG_SIZE } from '../record/layout.ts';
import type { Findings } from './finding.ts';
import { findingText } from './finding-text.ts';
import { FindingsDetector } from './findings-detector.ts';

const SCANNER = '203.0.113.66';

const scan = (ports: number, { src = SCANNER, dst = SERVER, fromMs = 0, stepMs = 13 } = {}): MadePacket[] =>
  Array.from({ length: ports }, (_, i) => ({
    ms: fromMs + i * stepMs,
    src,
    dst,
    sport: 50_000,
    dport: i + 1,
    flags: SYN,
  }));

const flood = (seconds: number, perSecond: number, { fromMs = 0, port = 443 } = {}): MadePacket[] =>
  Array.from({ length: seconds * perSecond }, (_, i) => ({
    ms: fromMs + (i * 1000) / perSecond,
    src: forged(i),
    sport: 1024 + (i % 60_000),
    dport: port,
    flags: SYN,
  }));

const attempts = (count: number, stepMs: number, { src = '203.0.113.99', port = 22, length = 100 } = {}) =>
  Array.from({ length: count }, (_, i) =>
    connection({ ms: i * stepMs, src, sport: 30_000 + i, dport: port }, { data: 10, length }),
  ).flat();

const texts = ({ open, closed }: Findings) => [...open, ...closed].map(findingText);
const kinds = ({ open, closed }: Findings) => [...open, ...closed].map(({ kind }) => kind).sort();

describe('attacks', () => {
  it('names a scan of 3,000 ports, once, with a rule and a filter', () => {
    const { open, opened } = detected(scan(3000), { untilMs: 40_000 });
    expect(open.map(findingText)).toEqual([`${SCANNER} scanned 3,000 ports of ${SERVER} in 39 s`]);
    expect(open[0]).toMatchObject({
      id: 1,
      ports: 3000,
      packets: 3000,
      filter: `src ${SCANNER} and dst ${SERVER} and tcp`,
      rule: { action: 'deny', source: SCANNER, expires_in: '1h' },
    });
    expect(opened).toMatchObject({ port_scan: 1, syn_flood: 0 });
  });

  it('names it within two seconds of the hundredth port', () => {
    expect(detected(scan(99, { stepMs: 1 }), { untilMs: 10_000 }).open).toEqual([]);
    const [finding] = detected(scan(100, { stepMs: 1 }), { untilMs: 1000 }).open;
    expect(finding).toMatchObject({ ports: 100, opened_at_ms: START_MS + 1000 });
  });

  it.each([
    ['NULL', 0],
    ['FIN', 0x01],
    ['Christmas tree', 0x29],
  ])('names a %s scan', (_, flags) => {
    expect(
      kinds(
        detected(
          scan(200).map((each) => ({ ...each, flags })),
          { untilMs: 5000 },
        ),
      ),
    ).toEqual(['port_scan']);
  });

  it('names a scan with full connections to closed ports, and does not count the open ones', () => {
    const open = connection({ ms: 21 * 13, src: SCANNER, sport: 50_000, dport: 22 });
    const { open: findings } = detected([...scan(200), ...open.slice(1)], { untilMs: 5000 });
    expect(findings).toMatchObject([{ kind: 'port_scan', ports: 199 }]);
  });

  it('continues a scan of several addresses as one finding', () => {
    const all = [0, 1, 2].flatMap((i) => scan(150, { dst: `192.0.2.${i + 10}`, fromMs: i * 2000 }));
    expect(texts(detected(all, { untilMs: 8000 }))).toEqual([
      `${SCANNER} scanned up to 150 ports on each of 3 addresses in 6 s`,
    ]);
  });

  it('names a SYN flood from forged sources, one finding', () => {
    const { open } = detected(flood(7, 5100), { untilMs: 7000 });
    expect(open).toMatchObject([
      { kind: 'syn_flood', destination: SERVER, port: 443, packets: 35_700, new_share: 1, per_second: 5100 },
    ]);
    const [{ sources = 0 } = {}] = open;
    expect(Math.abs(sources / 35_700 - 1)).toBeLessThan(0.25);
    expect(open[0]).not.toHaveProperty('rule');
    expect(open[0]).not.toHaveProperty('source');
    expect(open.map(findingText)[0]).toMatch(
      /^SYN flood: 5,100\/s from \d\d,000 sources, most of them new, to 192\.0\.2\.2:443$/,
    );
  });

  it.each([600, 1111, 3000, 5000, 7500])('never says more sources than packets, at %i/s', (perSecond) => {
    const { open } = detected(flood(3, perSecond), { untilMs: 3000 });
    expect(open[0]?.sources).toBeGreaterThan(0.8 * (open[0]?.packets ?? 0));
    expect(open[0]?.sources).toBeLessThanOrEqual(open[0]?.packets ?? 0);
  });

  it('names the one source of a SYN flood, but suggests no rule: it may be forged', () => {
    const from = flood(3, 2000).map((each) => ({ ...each, src: SCANNER }));
    const { open } = detected(from, { untilMs: 3000 });
    expect(open.map(findingText)).toEqual([`SYN flood: 2,000/s from ${SCANNER}, to ${SERVER}:443`]);
    expect(open[0]).not.toHaveProperty('rule');
  });

  it('does not call a SYN flood to ssh a series of login attempts', () => {
    const from = flood(5, 2000, { port: 22 }).map((each) => ({ ...each, src: SCANNER }));
    expect(kinds(detected(from, { untilMs: 5000 }))).toEqual(['syn_flood']);
  });

  it('names 88 connection attempts a minute to ssh', () => {
    const { open } = detected(attempts(176, 60_000 / 88), { untilMs: 120_000 });
    expect(open.map(findingText)[0]).toMatch(/^203\.0\.113\.99: 8[678] connection attempts a minute to ssh$/);
    expect(open[0]).toMatchObject({ packets: 176, filter: `src 203.0.113.99 and dst ${SERVER} and tcp dst port 22` });
  });

  it('names a sweep of one port over many addresses', () => {
    const sweep = Array.from({ length: 200 }, (_, i) => ({
      ms: i * 5,
      src: SCANNER,
      dst: `192.0.2.${i}`,
      dport: 22,
      flags: SYN,
    }));
    expect(texts(detected(sweep, { untilMs: 2000 }))).toEqual([`${SCANNER} tried port 22 of 200 addresses in 1 s`]);
  });

  it('names a flood of echo requests', () => {
    const pings = Array.from({ length: 6000 }, (_, i) => ({
      ms: i / 2,
      src: SCANNER,
      protocol: 1,
      sport: 0,
      dport: 0x0800,
    }));
    expect(texts(detected(pings, { untilMs: 3000 }))).toEqual([
      `ICMP flood: 2,000 echo requests/s from ${SCANNER}, to ${SERVER}`,
    ]);
  });

  it('finds scan, flood and login attempts that happen at once', () => {
    const all = [...scan(3000), ...flood(20, 2000), ...attempts(100, 400)];
    expect(kinds(detected(all, { untilMs: 41_000 }))).toEqual(['login_attempts', 'port_scan', 'syn_flood']);
  });

  it('finds a scan during a flood from a quarter of a million sources', () => {
    const findings = detected([...scan(400, { stepMs: 10 }), ...flood(4, 60_000)], { untilMs: 5000 });
    expect(kinds(findings)).toEqual(['port_scan', 'syn_flood']);
    expect(findings.untracked).toBeGreaterThan(0);
  });

  it('sums up IPv6 sources of one network of 64 bits', () => {
    const from = scan(300, { dst: '2001:db8::2' }).map((each, i) => ({
      ...each,
      src: `2001:db8:0:9::${i.toString(16)}`,
    }));
    const { open } = detected(from, { untilMs: 10_000 });
    expect(open).toMatchObject([{ kind: 'port_scan', source: '2001:db8:0:9::/64', ports: 300 }]);
  });
});

describe('a finding', () => {
  it('continues while there is evidence, then closes, and opens again as another one', () => {
    const detector = new FindingsDetector({ seed: 1 });
    detected(scan(300), { untilMs: 5000, detector });
    const more = scan(300, { fromMs: 20_000 }).map((each) => ({ ...each, dport: (each.dport ?? 0) + 1000 }));
    expect(detected(more, { untilMs: 25_000, detector }).open).toMatchObject([{ id: 1, ports: 600 }]);
    expect(detected([], { untilMs: 50_000, detector }).open).toHaveLength(1);
    expect(detector.isIdle).toBe(false);
    const { open, closed } = detected([], { untilMs: 60_000, detector });
    expect(open).toEqual([]);
    expect(closed).toMatchObject([{ id: 1, ports: 600, closed_at_ms: START_MS + 54_000 }]);
    expect(detector.isIdle).toBe(true);
    expect(detected(scan(300, { fromMs: 70_000 }), { untilMs: 75_000, detector })).toMatchObject({
      open: [{ id: 2, ports: 300 }],
      opened: { port_scan: 2 },
    });
  });

  it('stays open while a flood goes on at half the rate', () => {
    const lower = flood(40, 300, { fromMs: 3000 });
    const { open, opened } = detected([...flood(3, 800), ...lower], { untilMs: 43_000 });
    expect(open).toMatchObject([{ kind: 'syn_flood', packets: 3 * 800 + 40 * 300 }]);
    expect(opened.syn_flood).toBe(1);
  });

  it('is one of at most 32; further ones are counted', () => {
    const all = Array.from({ length: 40 }, (_, i) =>
      scan(120, { src: `203.0.113.${i}`, fromMs: i * 100, stepMs: 1 }),
    ).flat();
    const { open, opened, untracked } = detected(all, { untilMs: 10_000 });
    expect(open).toHaveLength(32);
    expect(opened.port_scan).toBe(32);
    expect(untracked).toBeGreaterThanOrEqual(8);
  });

  it('closes although the clock was set back', () => {
    const detector = new FindingsDetector({ seed: 1 });
    detected(scan(300, { fromMs: 7_200_000 }), { untilMs: 7_205_000, detector });
    expect(detected([], { untilMs: 1000, detector }).open).toHaveLength(1);
    expect(detected([], { untilMs: 32_000, detector }).open).toEqual([]);
  });

  it('is the same however the records are divided into batches', () => {
    const all = [...scan(1000), ...flood(10, 2000), ...attempts(70, 100)];
    const of = (batch: number) => detected(all, { untilMs: 20_000, batch });
    expect(of(1)).toEqual(of(10_000));
    expect(of(77)).toEqual(of(10_000));
  });
});

describe('sampled records', () => {
  it('count with their weight', () => {
    const { open } = detected(
      flood(3, 200).map((each) => ({ ...each, weight: 20 })),
      { untilMs: 3000 },
    );
    expect(open).toMatchObject([{ kind: 'syn_flood', packets: 12_000, per_second: 4000 }]);
  });

  it('are no evidence where a connection may have been sampled out', () => {
    const ftp = Array.from({ length: 500 }, (_, i) => ({
      ms: i * 20,
      src: SCANNER,
      dport: 20_000 + i,
      flags: SYN,
      weight: 4,
    }));
    const sweep = ftp.map((each, i) => ({ ...each, dst: `198.51.100.${i % 256}`, dport: 443 }));
    expect(detected([...ftp, ...sweep], { untilMs: 12_000 }).open).toEqual([]);
    expect(
      kinds(
        detected(
          scan(300).map((each) => ({ ...each, weight: 4 })),
          { untilMs: 5000 },
        ),
      ),
    ).toEqual(['port_scan']);
  });

  it('are few: then nothing is extrapolated', () => {
    const some = attempts(15, 1000).map((each) => ({ ...each, weight: 100 }));
    expect(detected(some, { untilMs: 60_000 }).open).toEqual([]);
  });

  it('by the detector: of more than 100,000 SYN a second, one of several is evaluated', () => {
    const detector = new FindingsDetector({ seed: 1 });
    const records = recordsOf(flood(1, 10_000, { fromMs: 0 }).map((each) => ({ ...each, ms: 1 })));
    const later = (second: number) => {
      const copy = records.slice();
      const data = new DataView(copy.buffer);
      for (let at = 0; at < copy.length; at += PACKET_LOG_SIZE)
        data.setBigUint64(at, data.getBigUint64(at, true) + BigInt(second) * 1_000_000_000n, true);
      return copy;
    };
    for (let second = 0; second < 3; second++) {
      const copy = later(second);
      // The same 10,000 records have other source ports each time, or they would be repetitions.
      for (let i = 0; i < 60; i++) {
        const data = new DataView(copy.buffer);
        for (let at = 0; at < copy.length; at += PACKET_LOG_SIZE)
          data.setUint16(at + 52, (data.getUint16(at + 52, true) + 1) & 0xffff, true);
        detector.add(copy, 0, 10_000, PACKET_LOG_SIZE);
      }
    }
    detector.tick(START_MS + 3000);
    const { open } = detector.findings(START_MS + 3000);
    expect(open).toMatchObject([{ kind: 'syn_flood' }]);
    expect(Math.abs((open[0]?.per_second ?? 0) / 600_000 - 1)).toBeLessThan(0.35);
  });
});

describe('ordinary traffic', () => {
  const client = fc.integer({ min: 1, max: 250 }).map((host) => `198.51.100.${host}`);

  it('of clients with completed connections to any services opens nothing', () => {
    const one = fc.record({
      ms: fc.integer({ min: 0, max: 30_000 }),
      src: client,
      dport: fc.constantFrom(80, 443, 25, 993, 5432, 8080, 22, 6379),
      sport: fc.integer({ min: 1024, max: 65_535 }),
      rtt: fc.integer({ min: 1, max: 400 }),
      data: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 300 }), (all) => {
        const packets = all.flatMap(({ rtt, data, ...at }) => connection(at, { rtt, data }));
        expect(texts(detected(packets, { untilMs: 120_000 }))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, MadePacket[]]>([
    [
      'a load test with 3,000 connections a second from one source',
      Array.from({ length: 15_000 }, (_, i) =>
        connection({ ms: i / 3, src: '198.51.100.1', sport: 1024 + i, dport: 80 }),
      ).flat(),
    ],
    [
      '2,000 new visitors a second',
      Array.from({ length: 8000 }, (_, i) =>
        connection({ ms: i / 2, src: forged(i), dport: 443 }, { rtt: 150 }),
      ).flat(),
    ],
    [
      'passive FTP to 2,000 ports',
      Array.from({ length: 2000 }, (_, i) =>
        connection({ ms: i * 10, src: '198.51.100.1', sport: 5000 + i, dport: 20_000 + i }),
      ).flat(),
    ],
    [
      'a server that accepts no more, whose clients repeat their SYN',
      Array.from({ length: 1000 }, (_, i) =>
        [0, 1000, 3000, 7000].map((ms) => ({
          ms: ms + i / 10,
          src: '198.51.100.1',
          sport: 2000 + i,
          dport: 80,
          flags: SYN,
        })),
      ).flat(),
    ],
    [
      'replies of resolvers to many ports',
      Array.from({ length: 5000 }, (_, i) => ({
        ms: i,
        src: '198.51.100.53',
        sport: 53,
        dport: 1024 + i,
        protocol: 17,
      })),
    ],
    [
      'replies of web servers: SYN ACK, data and RST to many ports',
      Array.from({ length: 3000 }, (_, i) =>
        [0x12, 0x10, RST].map((flags, j) => ({
          ms: i + j,
          src: '198.51.100.80',
          sport: 443,
          dport: 32_768 + i,
          flags,
        })),
      ).flat(),
    ],
    ['30 ssh sessions a minute', attempts(90, 2000)],
    ['backups with rsync over ssh, 120 a minute', attempts(240, 500, { length: 1400 })],
    [
      'monitoring of 90 ports, answered and not',
      Array.from({ length: 900 }, (_, i) => ({
        ms: i * 100,
        src: '198.51.100.9',
        sport: 3000 + i,
        dport: 9000 + (i % 90),
        flags: SYN,
      })),
    ],
    [
      'monitoring of 250 hosts that answer',
      Array.from({ length: 1000 }, (_, i) =>
        connection({ ms: i * 10, src: '198.51.100.9', dst: `192.0.2.${i % 250}`, sport: 3000 + i, dport: 9100 }),
      ).flat(),
    ],
    [
      'pings once a second from 200 hosts',
      Array.from({ length: 2000 }, (_, i) => ({
        ms: i * 5,
        src: `198.51.100.${i % 200}`,
        protocol: 1,
        sport: 0,
        dport: 0x0800,
      })),
    ],
  ])('%s opens nothing', (_, packets) => {
    expect(texts(detected(packets, { untilMs: 180_000 }))).toEqual([]);
  });
});
