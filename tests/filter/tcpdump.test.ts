/** The filter language against the program whose words it has: the same text lets the same packets through. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter, encodePacketLog, PACKET_LOG_SIZE, parseFilter } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arp,
  ethernet,
  gre,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  type Layer,
  pattern,
  raw,
  sctp,
  TCP,
  tcp,
  udp,
} from '../lab/frame.ts';
import { random } from '../parser/mutation.ts';
import { parse } from '../parser/reference.ts';

const V4 = ['192.0.2.1', '192.0.2.2', '198.51.100.7', '10.1.2.3'] as const;
const V6 = ['2001:db8::1', '2001:db8:0:1::2', 'fe80::1'] as const;
const PORTS = [22, 53, 80, 443, 1024, 40_000] as const;

/** Every protocol between some addresses and ports. */
function someFrames(): Uint8Array[] {
  const source = random(7);
  const one = <T>(values: readonly T[]): T => values[source.below(values.length)] as T;
  const contents: ((six: boolean) => Layer)[] = [
    () =>
      tcp({ src: one(PORTS), dst: one(PORTS), flags: one([TCP.syn, TCP.syn | TCP.ack, TCP.ack, TCP.fin | TCP.ack]) }),
    () => udp({ src: one(PORTS), dst: one(PORTS) }, pattern(source.below(1200))),
    () => sctp({ src: one(PORTS), dst: one(PORTS) }),
    (six) => (six ? icmpv6({ type: 128 }) : icmp({ type: 8 })),
    () => gre(raw(0x0800, pattern(30))),
  ];
  const frames = Array.from({ length: 600 }, (_, i) => {
    const content = contents[i % contents.length] as (six: boolean) => Layer;
    const six = source.below(3) === 0;
    return ethernet(
      six
        ? ipv6({ src: one(V6), dst: one(V6) }, content(true))
        : ipv4({ src: one(V4), dst: one(V4), fragmentOffset: source.below(12) === 0 ? 9 : 0 }, content(false)),
    );
  });
  return [...frames, ethernet(arp({ sender: '203.0.113.1', target: '203.0.113.2' }))];
}

/** A pcap file (1 s from packet to packet, so that a packet's time is its number). */
function pcap(frames: readonly Uint8Array[]): Uint8Array {
  const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
  const head = [words(0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1)];
  return Buffer.concat([...head, ...frames.flatMap((frame, i) => [words(i, 0, frame.length, frame.length), frame])]);
}

const frames = someFrames();
const records = new Uint8Array(frames.length * PACKET_LOG_SIZE);
for (const [i, frame] of frames.entries()) {
  encodePacketLog({ ...parse(frame), timestamp_ns: BigInt(i), ifindex: 1 }, records, i * PACKET_LOG_SIZE);
}

function ours(filter: string): number[] {
  const matches = compileFilter(parseFilter(filter));
  return frames.map((_, i) => i).filter((i) => matches(records, i * PACKET_LOG_SIZE));
}

describe('a filter lets through what tcpdump does with the same text', () => {
  let directory: string;
  beforeAll(() => {
    execFileSync('tcpdump', ['--version'], { stdio: 'ignore' });
    directory = mkdtempSync(join(tmpdir(), 'packetlog-filter-'));
    // tcpdump may become another user before it reads.
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'frames.pcap'), pcap(frames), { mode: 0o644 });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function theirs(filter: string): number[] {
    const args = ['-r', join(directory, 'frames.pcap'), '-n', '-tt', '-q', filter];
    const { status, stdout, stderr } = spawnSync('tcpdump', args, {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    });
    // What it can prove never to match it does not run.
    if (stderr.includes('expression rejects all packets')) return [];
    if (status !== 0) throw new Error(`tcpdump ${filter}: ${stderr}`);
    return stdout
      .split('\n')
      .filter((line) => /^\d+\.\d{6} /.test(line))
      .map((line) => Number.parseInt(line, 10));
  }

  test.each([
    ...['ip', 'ip6', 'arp', 'tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'proto 47', 'ip proto 17', 'ether proto 0x86dd'],
    ...['host 192.0.2.1', 'src host 192.0.2.1', 'dst 10.1.2.3', 'host 2001:db8::1', 'src or dst host 192.0.2.2'],
    ...['net 192.0.2.0/24', 'src net 10', 'net 198.51', 'dst net 2001:db8::/48', 'src and dst net 192.0.2'],
    ...['net 172.16/12 or 192.0/16', 'ip6 net fe80::/10', 'net 192.0.0.0/2 and not arp'],
    ...[
      'port 53',
      'src port 80',
      'tcp dst port https',
      'udp port 53 or 443',
      'portrange 20-80',
      'portrange 0-1023',
      'tcp src portrange 1-1024',
    ],
    ...['len > 500', 'len <= 64', 'less 60', 'greater 100', 'len != 54'],
    ...['not tcp', '! ip && !arp', 'not host 192.0.2.1 and 192.0.2.2', 'host 192.0.2.1 or 192.0.2.2 and port 80'],
    ...['tcp or udp and dst port 22', 'tcp and port 80 or 443', 'port (80 or 443)', 'not (port 22 or udp)'],
    ...['src net 192.0.2.0/24 and tcp dst port 443 and not host 10.1.2.3'],
  ])('%s', (filter) => {
    const found = ours(filter);
    expect(found).toEqual(theirs(filter));
    expect(found.length).toBeGreaterThan(0);
  });

  test.each([
    ['flags syn', 'ip and tcp[tcpflags] & tcp-syn != 0'],
    ['flags = syn', 'ip and tcp[tcpflags] == tcp-syn'],
    ['flags syn,ack', 'ip and tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)'],
  ])('with flags in words: %s', (filter, bytes) => {
    const found = ours(`ip and ${filter}`);
    expect(found).toEqual(theirs(bytes));
    expect(found.length).toBeGreaterThan(0);
  });

  test('when terms are joined at random', () => {
    const source = random(11);
    const one = <T>(values: readonly T[]): T => values[source.below(values.length)] as T;
    /** Words, and values that may stand behind them alone. */
    const valued: readonly (readonly [words: string, values: readonly string[]])[] = [
      ['port', ['22', '53', '80', '443']],
      ['tcp dst port', ['80', '443', 'domain']],
      ['src host', ['192.0.2.1', '10.1.2.3', '2001:db8::1']],
      ['net', ['10', '192.0.2.0/24', '198.51.100']],
      ['ip proto', ['6', '17', '47']],
    ];
    const single = ['tcp', 'udp', 'ip6', 'icmp', 'len > 100', 'arp'];
    const term = (): string[] => {
      if (source.below(3) === 0) return [one(single)];
      const [words, values] = one(valued);
      const first = `${words} ${one(values)}`;
      return source.below(2) === 0 ? [first] : [first, one(values)];
    };
    const expression = (depth: number): string => {
      const parts = Array.from({ length: 1 + source.below(3) }, () => {
        if (depth > 0 && source.below(4) === 0) return [`(${expression(depth - 1)})`];
        return term();
      }).flat();
      return parts.reduce((text, part, i) => {
        const not = source.below(5) === 0 ? 'not ' : '';
        return i === 0 ? `${not}${part}` : `${text} ${one(['and', 'or'])} ${not}${part}`;
      }, '');
    };
    let some = 0;
    for (let i = 0; i < 150; i++) {
      const filter = expression(2);
      const found = ours(filter);
      expect(found, filter).toEqual(theirs(filter));
      if (found.length > 0 && found.length < frames.length) some++;
    }
    expect(some).toBeGreaterThan(75);
  });
});
