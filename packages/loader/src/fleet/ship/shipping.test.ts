import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encodePacketLog, PACKET_LOG_SIZE, type PacketLog } from '@packetlog/common';
import { checkShippedBlock, MAX_SHIPPED_BYTES } from '@packetlog/common/fleet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Block } from '../../ipc/fleet/fleet-access.ts';
import { appendToJournal, listSegments, segmentName, writeSegment } from '../../recorder/format/index.ts';
import { Shipping } from './shipping.ts';

const HUB = 'https://hub.example';
const OTHER = 'https://other.example';
const TIME_NS = 1_767_348_000_000_000_000n;
const DAY_NS = 86_400_000_000_000n;

let directory = '';
let recordDirectory = '';
let nowMs = 0;
const warn = vi.fn<(message: string) => void>();
beforeEach(() => {
  nowMs = 1e6;
  warn.mockReset();
  directory = mkdtempSync(join(tmpdir(), 'packetlog-ship-test-'));
  recordDirectory = mkdtempSync(join(tmpdir(), 'packetlog-ship-test-'));
});
afterEach(() => {
  for (const path of [directory, recordDirectory]) rmSync(path, { recursive: true, force: true });
});

const open = () => new Shipping({ directory, recordDirectory, now: () => nowMs, warn });

let made = 0n;
/** Every third record is denied. */
function records(count: number, timeNs = TIME_NS): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_LOG_SIZE);
  for (let i = 0; i < count; i++) {
    const record: PacketLog = {
      timestamp_ns: timeNs + ++made,
      src_addr: '203.0.113.9',
      dst_addr: '192.0.2.1',
      rule_id: 1,
      ifindex: 2,
      length: 60,
      weight: 2,
      src_port: i,
      dst_port: 22,
      ether_type: 0x0800,
      vlan_id: 0,
      ip_protocol: 6,
      tcp_flags: 2,
      action: i % 3 === 0 ? 1 : 2,
      reason: 1,
    };
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  }
  return bytes;
}

function seal(number: number, bytes: Uint8Array): void {
  writeSegment(recordDirectory, number, bytes, { node: 'host' });
}
function append(number: number, bytes: Uint8Array): void {
  appendFileSync(join(recordDirectory, segmentName(number, 'hot')), bytes);
}
function expire(number: number, counts: { records: number; denies: number }): void {
  const file = listSegments(recordDirectory).find(({ sequence }) => sequence === number);
  rmSync(file?.path ?? '', { force: true });
  const times = { at_ns: 1n, from_ns: 1n, to_ns: 1n };
  const name = segmentName(number, 'zstd');
  appendToJournal(recordDirectory, {
    kind: 'expired',
    file: name,
    ...times,
    ...counts,
    permits: counts.records - counts.denies,
  });
}

const next = (shipping: Shipping, want: 'denied' | 'all' = 'denied', node = 'web1', hub = HUB) =>
  shipping.next(want, node, hub);
const acknowledge = (shipping: Shipping, { table, sequence }: Block) =>
  shipping.shipped({ table, sequence, result: 'acknowledged' }, HUB);
const factsOf = ({ bytes, table }: Block, node = 'web1') =>
  checkShippedBlock(gunzipSync(bytes, { maxOutputLength: MAX_SHIPPED_BYTES }), table, node);

/** Ships all that is there, and returns the rows of each block. */
function shipAll(
  shipping: Shipping,
  want: 'denied' | 'all' = 'denied',
): { packets: number; minutes: number; blocks: number } {
  const sum = { packets: 0, minutes: 0, blocks: 0 };
  const gathered = () => {
    nowMs += 5001;
    return next(shipping, want);
  };
  for (let block = gathered(); block !== undefined; block = gathered()) {
    const { rows, sums } = factsOf(block);
    expect(rows).toBe(block.rows);
    if (block.table === 'packets') sum.packets += rows;
    else sum.minutes += sums?.records ?? 0;
    sum.blocks++;
    acknowledge(shipping, block);
    expectSum(shipping);
  }
  return sum;
}

function expectSum(shipping: Shipping): void {
  const { offered, acked, pending, expired, rejected = 0 } = shipping.ledger();
  expect(acked + pending + expired + rejected).toBe(offered);
}

describe('shipping', () => {
  it('offers denied packets, and the sums by minute of all packets', () => {
    seal(1, records(300));
    append(2, records(90));
    const shipping = open();
    expect(shipAll(shipping)).toEqual({ packets: 130, minutes: 390, blocks: 4 });
    expect(shipping.ledger()).toEqual({ offered: 130, acked: 130, pending: 0, expired: 0 });
  });

  it('offers all packets if the hub wants them', () => {
    seal(1, records(300));
    expect(shipAll(open(), 'all')).toMatchObject({ packets: 300, minutes: 300 });
  });

  it('goes on in the file that is written, also when it was sealed meanwhile', () => {
    const first = records(30);
    append(1, first);
    const shipping = open();
    expect(shipAll(shipping)).toMatchObject({ packets: 10, minutes: 30 });
    const second = records(60);
    append(1, second);
    shipping.tick();
    expect(shipping.ledger()).toMatchObject({ offered: 30, pending: 20 });
    const block = next(shipping) as Block;
    expect(block).toMatchObject({ table: 'packets', rows: 20, sequence: 3 });
    seal(1, Buffer.concat([first, second]));
    acknowledge(shipping, block);
    expect(shipAll(shipping)).toMatchObject({ packets: 0, minutes: 60 });
    append(2, records(3));
    expect(shipAll(shipping)).toMatchObject({ packets: 1, minutes: 3 });
    expect(shipping.ledger()).toEqual({ offered: 31, acked: 31, pending: 0, expired: 0 });
  });

  it('gathers what comes within five seconds', () => {
    append(1, records(30));
    const shipping = open();
    for (const table of ['packets', 'minutes']) {
      const block = next(shipping) as Block;
      expect(block.table).toBe(table);
      acknowledge(shipping, block);
    }
    append(1, records(6));
    expect(next(shipping)).toBeUndefined();
    append(1, records(6));
    nowMs += 5001;
    expect(next(shipping)?.rows).toBe(4);
  });

  it('divides records at midnight, UTC', () => {
    seal(1, Buffer.concat([records(30), records(30, TIME_NS + DAY_NS)]));
    expect(shipAll(open())).toEqual({ packets: 20, minutes: 60, blocks: 4 });
  });

  it('sends the same rows under the same number after a kill', () => {
    append(1, records(30));
    const block = next(open()) as Block;
    append(1, records(60));
    nowMs += 60_000;
    const again = open();
    expect(next(again)).toEqual(block);
    acknowledge(again, block);
    expectSum(again);
    const after = open();
    expect(next(after)).toMatchObject({ table: 'minutes', sequence: 2, stream: block.stream });
    expect(shipAll(after).packets + block.rows).toBe(30);
    nowMs += 60_000;
    expect(after.ledger()).toMatchObject({ acked: 30, pending: 0 });
  });

  it('counts what retention deletes before it was shipped', () => {
    for (let number = 1; number <= 4; number++) seal(number, records(30));
    const shipping = open();
    const block = next(shipping) as Block;
    expire(1, { records: 30, denies: 10 });
    expire(2, { records: 30, denies: 10 });
    shipping.tick();
    // What is being shipped was copied.
    expect(shipping.ledger()).toEqual({ offered: 40, acked: 0, pending: 30, expired: 10 });
    acknowledge(shipping, block);
    expect(shipAll(shipping)).toMatchObject({ packets: 20 });
    // Neither was ever seen.
    expire(5, { records: 60, denies: 7 });
    expire(6, { records: 60, denies: 5 });
    append(7, records(3));
    shipping.tick();
    expect(shipping.ledger()).toEqual({ offered: 53, acked: 30, pending: 1, expired: 22 });
  });

  it('counts what retention deleted while it was not running', () => {
    for (let number = 1; number <= 3; number++) seal(number, records(30));
    const shipping = open();
    const block = next(shipping) as Block;
    acknowledge(shipping, block);
    for (const number of [1, 2, 3]) expire(number, { records: 30, denies: 10 });
    append(4, records(3));
    const again = open();
    again.tick();
    expect(again.ledger()).toEqual({ offered: 31, acked: 10, pending: 1, expired: 20 });
    expect(shipAll(again)).toMatchObject({ packets: 1, minutes: 33 });
  });

  it('counts a block that the hub rejects, and uses its number for the next one', () => {
    seal(1, records(30));
    const shipping = open();
    const { table, sequence } = next(shipping) as Block;
    shipping.shipped({ table, sequence, result: 'malformed' }, HUB);
    expect(next(shipping)).toMatchObject({ table: 'minutes', sequence: 1 });
    shipAll(shipping);
    expect(shipping.ledger()).toEqual({ offered: 10, acked: 0, pending: 0, expired: 0, rejected: 10 });
    expect(warn).toHaveBeenCalledOnce();
  });

  it('begins another stream for a hub that has lost its blocks', () => {
    seal(1, records(30));
    const shipping = open();
    acknowledge(shipping, next(shipping) as Block);
    const { stream, table, sequence } = next(shipping) as Block;
    shipping.shipped({ table, sequence, result: 'missing', next: 1 }, HUB);
    const again = next(shipping) as Block;
    expect(again).toMatchObject({ table, sequence: 1 });
    expect(again.stream).not.toBe(stream);
  });

  it('gives another hub no block that the first may have stored, until that has not asked for a minute', () => {
    seal(1, records(30));
    const shipping = open();
    const { stream } = next(shipping) as Block;
    expect(next(shipping, 'denied', 'web1', OTHER)).toBeUndefined();
    nowMs += 59_000;
    expect(next(shipping)?.stream).toBe(stream);
    nowMs += 59_000;
    expect(next(shipping, 'denied', 'web1', OTHER)).toBeUndefined();
    nowMs += 2000;
    const block = next(shipping, 'denied', 'web1', OTHER);
    expect(block).toMatchObject({ sequence: 1, rows: 10 });
    expect(block?.stream).not.toBe(stream);
    expect(next(shipping)).toBeUndefined();
  });

  it('gives another hub the blocks after ten seconds if the first has acknowledged all', () => {
    seal(1, records(30));
    const shipping = open();
    shipAll(shipping);
    seal(2, records(30));
    shipping.tick();
    nowMs += 9000;
    expect(next(shipping, 'denied', 'web1', OTHER)).toBeUndefined();
    nowMs += 2000;
    expect(next(shipping, 'denied', 'web1', OTHER)).toMatchObject({ sequence: 1, rows: 10 });
  });

  it('names the node as the hub does, also after it was renamed', () => {
    seal(1, records(30));
    const shipping = open();
    expect(factsOf(next(shipping) as Block).node).toBe('web1');
    const renamed = next(shipping, 'denied', 'web2') as Block;
    expect(factsOf(renamed, 'web2').node).toBe('web2');
    expect(renamed.sequence).toBe(1);
  });

  it('counts a damaged segment, and goes on with the next one', () => {
    seal(1, records(30));
    seal(2, records(30));
    const shipping = open();
    next(shipping);
    const [, second] = listSegments(recordDirectory);
    const path = second?.path ?? '';
    seal(3, records(30));
    shipping.tick();
    writeFileSync(path, 'no segment');
    expect(shipAll(shipping)).toMatchObject({ packets: 20 });
    expect(shipping.ledger()).toEqual({ offered: 30, acked: 20, pending: 0, expired: 10 });
  });

  it('ships nothing twice when its counts are damaged', () => {
    seal(1, records(30));
    shipAll(open());
    writeFileSync(join(directory, 'ship.json'), '{');
    append(2, records(3));
    const again = open();
    expect(shipAll(again).packets).toBe(0);
    append(3, records(3));
    nowMs += 5001;
    expect(shipAll(again).packets).toBe(1);
    expect(warn).toHaveBeenCalledOnce();
  });
});
