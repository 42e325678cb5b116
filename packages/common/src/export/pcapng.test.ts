import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { SAMPLE } from '../../test/support/packet-log.sample.ts';
import { encodeBatch, PacketLogBatch } from '../batch/batch.ts';
import type { PacketLog } from '../record/packet-log.ts';
import { PcapngEncoder } from './pcapng.ts';
import { REBUILT_FRAME_LIMIT } from './rebuilt-frame.ts';

const base: PacketLog = { ...SAMPLE, dst_addr: '198.51.100.2', rule_id: 0, length: 1514, action: 2, reason: 0 };

interface Block {
  type: number;
  body: DataView;
}

/** Splits the bytes into blocks, and checks them: each length twice, a multiple of four, no bytes left over. */
function blocksOf(bytes: Uint8Array): Block[] {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = data.getUint32(at + 4, true);
    expect(length % 4).toBe(0);
    expect(data.getUint32(at + length - 4, true)).toBe(length);
    blocks.push({
      type: data.getUint32(at, true),
      body: new DataView(bytes.buffer, bytes.byteOffset + at + 8, length - 12),
    });
    at += length;
  }
  return blocks;
}

function capture(records: readonly PacketLog[]): Block[] {
  const encoder = new PcapngEncoder((ifindex) => `eth${ifindex}`);
  const view = PacketLogBatch.from(encodeBatch({}, records));
  records.forEach((_, i) => {
    encoder.add(view, i);
  });
  return blocksOf(encoder.take());
}

function frameOf({ body }: Block): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset + 20, body.getUint32(12, true));
}

describe('PcapngEncoder', () => {
  it('begins with a section header, and describes each interface before its first packet', () => {
    const types = capture([base, { ...base, ifindex: 3 }, base]).map(({ type }) => type);
    expect(types).toEqual([0x0a0d0d0a, 1, 6, 1, 6, 6]);
  });

  it('keeps the time to the nanosecond and the length of the whole frame', () => {
    const [, , packet] = capture([base]);
    const ns = (BigInt(packet?.body.getUint32(4, true) ?? 0) << 32n) | BigInt(packet?.body.getUint32(8, true) ?? 0);
    expect(ns).toBe(base.timestamp_ns);
    expect(packet?.body.getUint32(16, true)).toBe(1514);
  });

  it.each<[string, Partial<PacketLog>, string]>([
    [
      'TCP over IPv4',
      {},
      `${'00'.repeat(12)}0800 450005dc00000000 4006 CCCC c0000201c6336402 9c4001bb 0000000000000000 5002 ffff1ffc0000`,
    ],
    [
      'UDP behind a VLAN tag',
      { vlan_id: 10, ip_protocol: 17, length: 60 },
      `${'00'.repeat(12)}8100000a0800 4500002a00000000 4011 CCCC c0000201c6336402 9c4001bb 0016 758f`,
    ],
    [
      'a priority tag, whose id is 0',
      { vlan_id: 4096, ether_type: 0x0806, src_addr: '::', dst_addr: '::', ip_protocol: 255 },
      `${'00'.repeat(12)}810000000806`,
    ],
    [
      'a later fragment: no ports, an offset that is not zero',
      { reason: 6, src_port: 0, dst_port: 0 },
      `${'00'.repeat(12)}0800 450005dc00000001 4006 CCCC c0000201c6336402`,
    ],
    [
      'ICMPv6 over IPv6: type and code',
      {
        ether_type: 0x86dd,
        src_addr: '2001:db8::1',
        dst_addr: '2001:db8::2',
        ip_protocol: 58,
        src_port: 0,
        dst_port: 0x8000,
        length: 78,
      },
      `${'00'.repeat(12)}86dd 60000000 0018 3a 40 20010db8000000000000000000000001 20010db8000000000000000000000002 80002438`,
    ],
    [
      'ARP: nothing but Ethernet',
      { ether_type: 0x0806, src_addr: '::', dst_addr: '::', ip_protocol: 255 },
      `${'00'.repeat(12)}0806`,
    ],
    [
      'IPv4 that was cut off before its addresses',
      { src_addr: '::', dst_addr: '::', reason: 5, ip_protocol: 255 },
      `${'00'.repeat(12)}0800`,
    ],
    [
      'TCP that was cut off before its ports',
      { reason: 5, src_port: 0, dst_port: 0, tcp_flags: 0 },
      `${'00'.repeat(12)}0800 450005dc00000000 4006 CCCC c0000201c6336402`,
    ],
  ])('rebuilds %s', (_, fields, expected) => {
    const [, , packet] = capture([{ ...base, ...fields }]);
    const hex = Buffer.from(packet ? frameOf(packet) : []).toString('hex');
    const wanted = expected.replaceAll(' ', '');
    // The IPv4 checksum has its own test.
    const at = wanted.indexOf('CCCC');
    expect(at < 0 ? hex : `${hex.slice(0, at)}CCCC${hex.slice(at + 4)}`).toBe(wanted);
  });

  it('writes a correct IPv4 header checksum', () => {
    const [, , packet] = capture([base]);
    const frame = packet ? frameOf(packet) : new Uint8Array();
    let sum = 0;
    for (let at = 14; at < 34; at += 2) sum += ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
    expect(((sum & 0xffff) + (sum >>> 16)) & 0xffff).toBe(0xffff);
  });

  it('encodes any record within bounds, and never states a frame length shorter than its headers', () => {
    fc.assert(
      fc.property(fc.array(packetLog, { minLength: 1, maxLength: 40 }), (records) => {
        const packets = capture(records).filter(({ type }) => type === 6);
        expect(packets).toHaveLength(records.length);
        for (const { body } of packets) {
          expect(body.getUint32(12, true)).toBeLessThanOrEqual(REBUILT_FRAME_LIMIT);
          expect(body.getUint32(16, true)).toBeGreaterThanOrEqual(body.getUint32(12, true));
        }
      }),
    );
  });

  it('grows as needed, and is empty after each take', () => {
    const encoder = new PcapngEncoder(() => 'eth0');
    const view = PacketLogBatch.from(encodeBatch({}, [base]));
    for (let k = 0; k < 5000; k++) encoder.add(view, 0);
    const first = encoder.take();
    expect(blocksOf(first).filter(({ type }) => type === 6)).toHaveLength(5000);
    encoder.add(view, 0);
    expect(blocksOf(encoder.take()).map(({ type }) => type)).toEqual([6]);
  });
});
