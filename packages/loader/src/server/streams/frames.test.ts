import { PacketLogBatch } from '@packetlog/common';
import { describe, expect, it, vi } from 'vitest';
import { batchMessage, concat, eventMessage, rowBatch, write } from './frames.ts';

const layout = { stride: 72, recordOffset: 8 };
const counters = { sequence: 1, offered: 7, dropped: 2, withheld: 3, filtered: 4 };

/** Splits bytes into frames (RFC 6455 section 5.2). */
function framesOf(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const frames: { opcode: number; payload: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [first, second] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)];
    expect(first & 0xf0).toBe(0x80);
    at += 2;
    let length = second;
    if (second === 126) length = bytes.readUInt16BE(at);
    if (second === 127) length = Number(bytes.readBigUInt64BE(at));
    at += second === 126 ? 2 : second === 127 ? 8 : 0;
    frames.push({ opcode: first & 0x0f, payload: bytes.subarray(at, at + length) });
    at += length;
  }
  return frames;
}

type Connection = Parameters<typeof write>[0];

function connection(takesFrames: boolean) {
  const written: unknown[][] = [];
  const transport = takesFrames ? { _canSendPreEncodedFrame: () => true } : {};
  const fake = { transport, write: (...parameters: unknown[]) => written.push(parameters) };
  return { connection: fake as unknown as Connection, written };
}

describe('a batch on the wire', () => {
  it.each([1, 2, 800, 910, 920])('is one event with one attachment, in two frames: %d rows', (count) => {
    const records = Buffer.alloc(count * layout.stride, 7);
    const message = batchMessage(rowBatch(records, layout, -5n), counters);
    const frames = framesOf(Buffer.concat(message.encode()));
    expect(frames.map(({ opcode }) => opcode)).toEqual([1, 2]);
    expect(String(frames[0]?.payload)).toBe('451-["packets",{"_placeholder":true,"num":0}]');
    const batch = PacketLogBatch.from(frames[1]?.payload as Buffer);
    expect(batch).toMatchObject({ ...counters, length: count, clockOffsetNs: -5n });
    expect(message.bytes).toBe(Buffer.concat(message.encode()).length);
    expect(message.plain()).toEqual([String(frames[0]?.payload).slice(1), frames[1]?.payload]);
  });

  it.each([8, 800])('shares the memory of %d records with the other clients', (count) => {
    const records = Buffer.alloc(count * layout.stride);
    expect(batchMessage(rowBatch(records, layout, 0n), counters).encode()).toEqual([expect.any(Buffer), records]);
    expect(batchMessage(rowBatch(records, layout, 0n), counters).encode()[1]).toBe(records);
  });

  it('copies a few records, in one piece', () => {
    const records = Buffer.alloc(7 * layout.stride, 7);
    const pieces = batchMessage(rowBatch(records, layout, 0n), counters).encode();
    expect(pieces).toHaveLength(1);
    records.fill(0);
    expect(pieces[0]?.subarray(-records.length)).toEqual(Buffer.alloc(records.length, 7));
  });

  it('has its own counters', () => {
    const batch = rowBatch(Buffer.alloc(layout.stride), layout, 0n);
    const [one, other] = [counters, { ...counters, dropped: 9 }].map((each) => batchMessage(batch, each));
    const droppedOf = (message: typeof one) => PacketLogBatch.from(message?.plain()[1] as Buffer).dropped;
    expect([droppedOf(one), droppedOf(other)]).toEqual([2, 9]);
  });
});

describe('an event on the wire', () => {
  it.each([1, 200, 70_000])('is one text frame: %d letters', (count) => {
    const payload = JSON.stringify({ text: 'ä'.repeat(count) });
    const message = eventMessage('summary', payload);
    const [frame, ...rest] = framesOf(Buffer.concat(message.encode()));
    expect([frame?.opcode, String(frame?.payload), rest]).toEqual([1, `42["summary",${payload}]`, []]);
    expect(message.plain()).toEqual([`2["summary",${payload}]`]);
  });

  it('is joined with another one', () => {
    const both = concat(eventMessage('summary', '1'), eventMessage('ledger', '2'));
    const texts = framesOf(Buffer.concat(both.encode())).map(({ payload }) => String(payload));
    expect(texts).toEqual(['42["summary",1]', '42["ledger",2]']);
    expect(both.bytes).toBe(Buffer.concat(both.encode()).length);
  });
});

describe('write', () => {
  it('passes the frames to engine.io unchanged', () => {
    const { connection: to, written } = connection(true);
    const message = eventMessage('summary', '{}');
    const sent = vi.fn();
    write(to, message, sent);
    expect(written).toEqual([['', expect.objectContaining({ compress: false }), sent]]);
    const options = written[0]?.[1] as { wsPreEncodedFrame?: unknown };
    expect(options.wsPreEncodedFrame).toBe(message.encode());
  });

  it('passes no frame to a connection that has begun to close', () => {
    const { connection: to, written } = connection(true);
    const socket = { readyState: 1 };
    Object.assign(to.transport, { socket });
    write(to, eventMessage('summary', '{}'), vi.fn());
    const options = written[0]?.[1] as { wsPreEncodedFrame?: unknown };
    expect(options.wsPreEncodedFrame).toBeDefined();
    socket.readyState = 2;
    expect(options.wsPreEncodedFrame).toBeUndefined();
  });

  it('passes text and attachment to a connection that takes no frames, and calls back once', () => {
    const { connection: to, written } = connection(false);
    const message = batchMessage(rowBatch(Buffer.alloc(72), layout, 0n), counters);
    const sent = vi.fn();
    write(to, message, sent);
    const [text, attachment] = message.plain();
    expect(written).toEqual([
      [text, { compress: false }, undefined],
      [attachment, { compress: false }, sent],
    ]);
  });
});
