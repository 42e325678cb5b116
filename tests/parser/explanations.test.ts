/** Each rule about differences between records and tshark, on the frames that it is about. Needs root. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonRecord } from '../e2e/console-output.ts';
import {
  EXTENSION,
  ethernet,
  extension,
  icmp,
  icmpv6,
  ipv4,
  ipv6,
  pattern,
  pppoe,
  sctp,
  TCP,
  tcp,
  tunnelled,
  udp,
} from '../lab/frame.ts';
import { requireRoot } from '../lab/root.ts';
import { judge } from './captures/compare.ts';
import { EXPLANATIONS } from './captures/explanations.ts';
import { writeFrames } from './captures/frame-files.ts';
import type { RealFrame } from './captures/read-frames.ts';
import { replayed } from './captures/replayed.ts';
import { Tshark } from './captures/tshark.ts';
import type { TsharkRow } from './captures/tshark-row.ts';

const IPV4 = 14;
const IPV4_PAYLOAD = IPV4 + 20;
const IPV6_PAYLOAD = 14 + 40;

function changed(frame: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = frame.slice();
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  return copy;
}

const syn = ethernet(ipv4({}, tcp({ flags: TCP.syn })));
const session = ethernet(pppoe(ipv4({}, udp({}, pattern(40)))));
const PPPOE_LENGTH = 14 + 4;
const ping = ethernet(ipv4({}, icmp({ type: 8 })));
const withOptions = ethernet(ipv4({}, udp({}, pattern(40))));
const hopByHop = ethernet(ipv6({}, extension(EXTENSION.hop_by_hop, udp({}, pattern(20)))));
const destination = ethernet(ipv6({}, extension(EXTENSION.destination, udp({}, pattern(20)))));

/** For each rule: frames that it explains, and frames of the same kind that need no explanation. */
const CASES: Readonly<Record<string, { explained: readonly Uint8Array[]; same: readonly Uint8Array[] }>> = {
  'transport-header': {
    explained: [
      syn.subarray(0, IPV4_PAYLOAD + 14),
      changed(syn, { [IPV4_PAYLOAD + 12]: 0x40 }),
      ethernet(ipv4({}, sctp({}))).subarray(0, IPV4_PAYLOAD + 8),
    ],
    same: [syn, syn.subarray(0, IPV4_PAYLOAD + 6), ethernet(ipv4({}, sctp({})))],
  },
  'icmp-header': {
    explained: [3, 5, 7].map((bytes) => ping.subarray(0, IPV4_PAYLOAD + bytes)),
    same: [ping, ethernet(ipv6({}, icmpv6({ type: 128 }))).subarray(0, IPV6_PAYLOAD + 3)],
  },
  'length-zero': {
    explained: [
      changed(withOptions, { [IPV4_PAYLOAD + 4]: 0, [IPV4_PAYLOAD + 5]: 0 }),
      ethernet(ipv6({ payloadLength: 0 }, extension(EXTENSION.hop_by_hop, udp({}, pattern(20))))),
    ],
    same: [withOptions, changed(withOptions, { [IPV4_PAYLOAD + 4]: 0, [IPV4_PAYLOAD + 5]: 7 }), hopByHop],
  },
  'incomplete-header': {
    explained: [
      Buffer.from('02000000000202000000000191000007', 'hex'),
      // The EtherType of a fifth tag, and nothing behind it.
      Buffer.from('0200000000020200000004018100000b8100000c8100000d8100000e8100', 'hex'),
      changed(withOptions, { [IPV4]: 0x4f, [IPV4 + 6]: 0x20, [IPV4 + 7]: 0x10 }).subarray(0, IPV4_PAYLOAD + 10),
      changed(destination, { [IPV6_PAYLOAD + 1]: 9 }).subarray(0, IPV6_PAYLOAD + 12),
    ],
    same: [destination],
  },
  'pppoe-length': {
    explained: [6, 26].map((length) => changed(session, { [PPPOE_LENGTH]: 0, [PPPOE_LENGTH + 1]: length })),
    same: [session],
  },
  'behind-mobility': {
    explained: [EXTENSION.mobility, EXTENSION.hip, EXTENSION.shim6].map((type) =>
      ethernet(ipv6({}, extension(type, tcp({ dst: 22 }), { units: 4 }))),
    ),
    same: [ethernet(ipv6({}, extension(EXTENSION.routing, tcp({ dst: 22 }))))],
  },
  'ip-version': {
    explained: [
      ethernet(ipv6({ version: 4 }, udp({}, pattern(20)))),
      // IPv4 in IPv6 behind the EtherType of IPv4: tshark shows the addresses of the inner packet.
      changed(ethernet(ipv6({}, tunnelled(ipv4({}, udp({}, pattern(20)))))), { 12: 0x08, 13: 0x00 }),
    ],
    same: [ethernet(ipv6({}, udp({}, pattern(20)))), changed(withOptions, { [IPV4]: 0x35 })],
  },
  'option-content': {
    explained: [
      // An option that is longer than its header.
      changed(destination, { [IPV6_PAYLOAD + 3]: 200 }),
      changed(hopByHop, { [IPV6_PAYLOAD + 3]: 200 }),
      // A CIPSO option of two bytes.
      Buffer.from(
        '02000000000202000000000108004e00004c000100004011db8ac0000201c0000202010101010101010101010101010101010186020006000000000101010101010101010101010101019c411f900014d808a1a1a3a3a5a5a7a7a9a9abab',
        'hex',
      ),
    ],
    same: [destination, hopByHop],
  },
};

test('there are at most eight rules, each with its source and frames', () => {
  expect(EXPLANATIONS.length).toBeLessThanOrEqual(8);
  expect(Object.keys(CASES)).toEqual(EXPLANATIONS.map(({ name }) => name));
  for (const { rfc, why } of EXPLANATIONS) expect([rfc, why].every((text) => text.length > 5)).toBe(true);
});

describe.skipIf(!requireRoot())('a difference to tshark', () => {
  /** Judgements of all frames, by their bytes. */
  const judgements = new Map<Uint8Array, string>();
  beforeAll(async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'packetlog-parser-'));
    try {
      const [path, rules] = [join(scratch, 'frames.pcap'), join(scratch, 'rules.json')];
      writeFileSync(rules, '{"version": 1, "rules": []}');
      const bytes = Object.values(CASES).flatMap(({ explained, same }) => [...explained, ...same]);
      const frames = bytes.map((each) => ({
        link: 'ethernet' as const,
        bytes: Buffer.from(each),
        length: each.length,
      }));
      writeFrames(path, 'ethernet', frames);
      const tshark = await Tshark.configured(scratch);
      const [records, rows] = [await replayed(path, rules), await tshark.rows(path)];
      for (const [i, each] of bytes.entries()) {
        const found = judge(frames[i] as RealFrame, records[i] as JsonRecord, rows[i] as TsharkRow);
        judgements.set(each, found.kind === 'explained' ? found.by : JSON.stringify(found));
      }
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });

  test.each(EXPLANATIONS)('$name: $why ($rfc)', ({ name }) => {
    const { explained, same } = CASES[name] ?? { explained: [], same: [] };
    expect(explained.map((bytes) => judgements.get(bytes))).toEqual(explained.map(() => name));
    expect(same.map((bytes) => judgements.get(bytes))).toEqual(same.map(() => '{"kind":"same"}'));
  });
});
