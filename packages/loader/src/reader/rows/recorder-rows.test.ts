import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../../../test/support/fake-ring.ts';
import type { ToRecorder } from '../../ipc/recorder-channel.ts';
import { makeRecorderCounts, RecorderCounts } from '../../ipc/recorder-counts.ts';
import { makeSlabMemory, SLAB_BYTES, Slabs } from '../../ipc/slabs.ts';
import { RecorderRows } from './recorder-rows.ts';

const STRIDE = 72;
const OFFSET = 8;
const PER_SLAB = Math.floor(SLAB_BYTES / STRIDE);

let close = () => {};
afterEach(() => close());

function rows(slabCount = 2) {
  const { port1, port2 } = new MessageChannel();
  close = () => port1.close();
  const slabs = makeSlabMemory(slabCount);
  const counts = makeRecorderCounts();
  const time = { ms: 0 };
  const position = { rings: 5, before: 100 };
  const ring = { stride: STRIDE, recordOffset: OFFSET };
  const it = new RecorderRows({ port: port1, slabs, counts }, ring, position, () => time.ms);
  let next = 0;
  return {
    it,
    time,
    counts: new RecorderCounts(counts),
    memory: new Slabs(slabs),
    add: (count: number) => {
      const bytes = new Uint8Array(count * STRIDE);
      for (let i = 0; i < count; i++) bytes.set(numberedRecord(next++), i * STRIDE + OFFSET);
      it.add(bytes, 0, count);
    },
    messages: (): ToRecorder[] => {
      const all: ToRecorder[] = [];
      for (let one = receiveMessageOnPort(port2); one; one = receiveMessageOnPort(port2)) all.push(one.message);
      return all;
    },
  };
}

describe('RecorderRows', () => {
  it('says first where the rings are', () => {
    expect(rows().messages()).toEqual([{ type: 'begin', rings: 5, before: 100, stride: STRIDE, recordOffset: OFFSET }]);
  });

  it('passes records on after a quarter of a second, in one piece', () => {
    const { it: over, add, time, messages, memory } = rows();
    messages();
    expect(over.dueInMs()).toBe(Number.POSITIVE_INFINITY);
    add(1);
    time.ms = 249;
    add(2);
    expect(over.dueInMs()).toBe(1);
    over.flush(false);
    expect(messages()).toEqual([]);
    time.ms = 250;
    over.flush(false);
    expect(messages()).toEqual([{ type: 'records', slab: 0, count: 3, missed: 0 }]);
    expect(recordNumber(memory.bytes(0).slice(2 * STRIDE + OFFSET, 3 * STRIDE))).toBe(2);
    expect(over.dueInMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('reports lost records within a quarter of a second, although no packet follows', () => {
    const { it: over, add, time, messages } = rows();
    add(2 * PER_SLAB);
    over.flush(true);
    add(10);
    messages();
    expect(over.dueInMs()).toBe(250);
    time.ms = 250;
    over.flush(false);
    expect(messages()).toEqual([{ type: 'missed', missed: 10 }]);
    expect(over.dueInMs()).toBe(Number.POSITIVE_INFINITY);
    over.end();
    expect(messages()).toEqual([{ type: 'end', missed: 0 }]);
  });

  it('counts what the recorder has no room for, and reports it once', () => {
    const { it: over, add, messages, memory, counts } = rows();
    add(2 * PER_SLAB + 10);
    over.flush(true);
    expect(over.ledger()).toMatchObject({ offered: 2 * PER_SLAB + 10, lost: 10, pending: 2 * PER_SLAB });
    memory.release(0);
    add(1);
    over.end();
    const lost = messages().map((message) => (message.type === 'begin' ? 0 : message.missed));
    expect(lost.reduce((sum, each) => sum + each, 0)).toBe(10);
    counts.add('recorded', 2 * PER_SLAB - 6);
    counts.add('sampled', 3);
    counts.add('lost', 4);
    expect(over.ledger()).toMatchObject({ recorded: 2 * PER_SLAB - 6, sampled: 3, lost: 14, pending: 0 });
  });
});
