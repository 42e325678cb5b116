import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { appendMarker, readMarker } from './marker.ts';
import { RecordRing } from './record-ring.ts';
import { RowsView } from './rows-view.ts';

const batch = (...ports: number[]) => makeBatch(ports.map((src_port) => makePacket({ src_port })));

function ports(ring: RecordRing): number[] {
  return Array.from({ length: ring.size }, (_, i) => {
    const { view, index } = ring.read(ring.end - ring.size + i);
    return view.srcPort(index);
  });
}

test('rows stay in order of arrival', () => {
  const ring = new RecordRing(4);
  ring.append(batch(1, 2));
  ring.append(batch(3));
  expect(ports(ring)).toEqual([1, 2, 3]);
});

test('a full ring overwrites its oldest rows and continues the numbering', () => {
  const ring = new RecordRing(4);
  ring.append(batch(1, 2, 3));
  ring.append(batch(4, 5, 6));
  expect(ports(ring)).toEqual([3, 4, 5, 6]);
  expect(ring.end).toBe(6);
  expect(() => ring.read(1)).toThrow(RangeError);
  expect(() => ring.read(6)).toThrow(RangeError);
});

test('of a batch larger than the ring the newest rows remain', () => {
  const ring = new RecordRing(3);
  ring.append(batch(9));
  ring.append(batch(1, 2, 3, 4, 5));
  expect(ports(ring)).toEqual([3, 4, 5]);
  expect(ring.end).toBe(6);
});

test('a marker is among the rows and is not a packet', () => {
  const ring = new RecordRing(4);
  ring.append(batch(1));
  appendMarker(ring, { kind: 'lost', at_ms: 5.5, rows: 7, span_ms: 0 });
  ring.append(batch(2));
  expect(readMarker(ring.slotBytes(0))).toBeNull();
  expect(readMarker(ring.slotBytes(1))).toEqual({ kind: 'lost', at_ms: 5.5, rows: 7, span_ms: 0 });
});

test('consecutive losses are merged into one marker, markers of different kinds are not', () => {
  const ring = new RecordRing(4);
  appendMarker(ring, { kind: 'lost', at_ms: 1, rows: 7, span_ms: 0 });
  appendMarker(ring, { kind: 'lost', at_ms: 2, rows: 3, span_ms: 0 });
  appendMarker(ring, { kind: 'paused', at_ms: 3, rows: 1, span_ms: 900 });
  expect(ring.end).toBe(2);
  expect(readMarker(ring.slotBytes(0))).toEqual({ kind: 'lost', at_ms: 2, rows: 10, span_ms: 0 });
});

test('a marker has no bytes of the packet that it replaces, and vice versa', () => {
  const ring = new RecordRing(1);
  ring.append(batch(1));
  appendMarker(ring, { kind: 'restarted', at_ms: 4, rows: 0, span_ms: 0 });
  expect(readMarker(ring.slotBytes(1))).toEqual({ kind: 'restarted', at_ms: 4, rows: 0, span_ms: 0 });
  ring.append(batch(8));
  expect(ports(ring)).toEqual([8]);
  expect(readMarker(ring.slotBytes(2))).toBeNull();
});

test('a following table shows new rows', () => {
  const rows = new RowsView(4);
  rows.live.append(batch(1, 2));
  expect(ports(rows.shown)).toEqual([1, 2]);
  expect(rows.newRows).toBe(0);
});

test('a scrolled table shows the same rows after the live ring has overwritten them', () => {
  const rows = new RowsView(4);
  rows.live.append(batch(1, 2));
  rows.setScrolled(true);
  rows.live.append(batch(3, 4, 5, 6, 7));
  expect(ports(rows.shown)).toEqual([1, 2]);
  expect(rows.newRows).toBe(5);
  rows.setScrolled(false);
  expect(ports(rows.shown)).toEqual([4, 5, 6, 7]);
});

test('pausing a scrolled table does not move rows, and it is held until both end', () => {
  const rows = new RowsView(4);
  rows.live.append(batch(1));
  rows.setScrolled(true);
  rows.live.append(batch(2));
  rows.setPaused(true);
  expect(ports(rows.shown)).toEqual([1]);
  rows.setScrolled(false);
  expect(ports(rows.shown)).toEqual([1]);
  rows.setPaused(false);
  expect(ports(rows.shown)).toEqual([1, 2]);
});

test('a copy takes the next rows step by step, and returns how many were overwritten', () => {
  const ring = new RecordRing(4);
  const packets = (from: number, count: number) =>
    makeBatch(Array.from({ length: count }, (_, i) => makePacket({ src_port: from + i })));
  ring.append(packets(0, 2));
  const copy = new RecordRing(4);
  copy.copyFrom(ring);
  ring.append(packets(2, 3));
  const newest = () => {
    const { view, index } = copy.read(copy.end - 1);
    return view.srcPort(index);
  };
  expect([copy.takeFrom(ring, 1), newest(), copy.end]).toEqual([0, 2, 3]);
  expect([copy.takeFrom(ring, 9), newest(), copy.end]).toEqual([0, 4, 5]);
  ring.append(packets(5, 6));
  expect([copy.takeFrom(ring, 1), newest(), copy.end]).toEqual([2, 10, 11]);
  expect(copy.bytes).toEqual(ring.bytes);
});
