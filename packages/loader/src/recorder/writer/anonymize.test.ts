import { FIELD_OFFSETS, formatAddress, PACKET_LOG_SIZE, parseAddress } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { anonymize } from './anonymize.ts';

function recordBetween(source: string, destination: string): Uint8Array {
  const record = new Uint8Array(PACKET_LOG_SIZE).fill(0xaa);
  record.set(parseAddress(source), FIELD_OFFSETS.src_addr);
  record.set(parseAddress(destination), FIELD_OFFSETS.dst_addr);
  return record;
}

describe('anonymize', () => {
  it.each([
    ['203.0.113.77', '198.51.100.255', '203.0.113.0', '198.51.100.0'],
    ['2001:db8:1:2:3:4:5:6', 'fe80::1', '2001:db8:1::', 'fe80::'],
    ['::', '0.0.0.0', '::', '0.0.0.0'],
  ])('cuts %s and %s to their networks, and nothing else', (source, destination, network, other) => {
    const [before, records] = [recordBetween(source, destination), new Uint8Array(2 * PACKET_LOG_SIZE)];
    records.set(before);
    anonymize(records, 1);
    const address = (field: 'src_addr' | 'dst_addr') =>
      formatAddress(records.subarray(FIELD_OFFSETS[field], FIELD_OFFSETS[field] + 16));
    expect([address('src_addr'), address('dst_addr')]).toEqual([network, other]);
    records.set(before.subarray(FIELD_OFFSETS.src_addr, FIELD_OFFSETS.src_addr + 32), FIELD_OFFSETS.src_addr);
    expect(records.subarray(0, PACKET_LOG_SIZE)).toEqual(before);
  });
});
