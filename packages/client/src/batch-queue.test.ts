import { encodeBatch, type PacketLog, PacketLogBatch } from '@packetlog/common';
import { expect, test } from 'vitest';
import { BatchQueue } from './batch-queue.ts';

const RECORD: PacketLog = {
  timestamp_ns: 1n,
  src_addr: '192.0.2.1',
  dst_addr: '192.0.2.2',
  rule_id: 0,
  ifindex: 1,
  length: 60,
  weight: 1,
  src_port: 1,
  dst_port: 2,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 17,
  tcp_flags: 0,
  action: 2,
  reason: 0,
};

function batch(sequence: number, rows = 10): PacketLogBatch {
  const records = Array.from({ length: rows }, () => RECORD);
  return PacketLogBatch.from(encodeBatch({ sequence, offered: rows }, records));
}

const ROOM_FOR_TWO = 2 * batch(0).byteLength;

test('returns batches in order, even to a reader that is already waiting', async () => {
  const queue = new BatchQueue(ROOM_FOR_TWO);
  const first = queue.take();
  queue.push(batch(0));
  queue.push(batch(1));
  expect((await first)?.sequence).toBe(0);
  expect((await queue.take())?.sequence).toBe(1);
});

test('rejects and counts batches while it is full, and has room again after a batch was taken', async () => {
  const queue = new BatchQueue(ROOM_FOR_TWO);
  for (let i = 0; i < 5; i++) queue.push(batch(i));
  expect(queue.lost).toBe(30);
  expect((await queue.take())?.sequence).toBe(0);
  queue.push(batch(9));
  expect([(await queue.take())?.sequence, (await queue.take())?.sequence]).toEqual([1, 9]);
  expect(queue.lost).toBe(30);
});

test('accepts a batch larger than its limit if it is empty', async () => {
  const queue = new BatchQueue(100);
  queue.push(batch(0, 1000));
  expect(queue.lost).toBe(0);
  expect((await queue.take())?.length).toBe(1000);
});

test('after the end returns the remaining batches, then nothing', async () => {
  const queue = new BatchQueue(ROOM_FOR_TWO);
  queue.push(batch(0));
  queue.end();
  queue.push(batch(1));
  expect((await queue.take())?.sequence).toBe(0);
  expect(await queue.take()).toBeUndefined();
  expect(await queue.take()).toBeUndefined();
});

test('a waiting reader receives the end, or the error once', async () => {
  const queue = new BatchQueue(ROOM_FOR_TWO);
  const waiting = queue.take();
  queue.end(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(await queue.take()).toBeUndefined();
});
