import { describe, expect, it } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { appendMarker, type MarkerKind } from '../../node/rows/marker.ts';
import { RecordRing } from '../../node/rows/record-ring.ts';
import { RecordBuffer, recordsOfRing } from './record-buffer.ts';

const MS = 1_000_000n;
const START = 1_767_362_602_000n;

function batch(from: number, count: number) {
  return makeBatch(
    Array.from({ length: count }, (_, i) =>
      makePacket({ src_port: from + i, timestamp_ns: (START + BigInt(from + i)) * MS }),
    ),
  );
}

const ports = (buffer: RecordBuffer) =>
  [...buffer.views()].flatMap((view) => Array.from({ length: view.length }, (_, i) => view.srcPort(i)));

describe('records for an export', () => {
  it('keep their order across pieces of memory', () => {
    const buffer = new RecordBuffer(200_000);
    const thousand = batch(0, 1000);
    for (let n = 0; n < 70; n++) buffer.append(thousand);
    expect(buffer.length).toBe(70_000);
    expect([...buffer.views()]).toHaveLength(2);
    expect(ports(buffer)).toEqual(Array.from({ length: 70_000 }, (_, i) => i % 1000));
    expect(buffer.span).toEqual({ fromMs: Number(START), toMs: Number(START) + 999 });
  });

  it('get new interface numbers if several nodes are exported', () => {
    const buffer = new RecordBuffer(4);
    buffer.append(batch(0, 2), (ifindex) => ifindex + 100);
    buffer.append(batch(2, 2));
    const [view] = buffer.views();
    expect([0, 1, 2, 3].map((i) => view?.ifindex(i))).toEqual([102, 102, 2, 2]);
    expect(ports(buffer)).toEqual([0, 1, 2, 3]);
  });

  it('end at the limit', () => {
    const buffer = new RecordBuffer(5);
    buffer.append(batch(0, 3));
    expect(buffer.full).toBe(false);
    buffer.append(batch(3, 4));
    expect(buffer.full).toBe(true);
    buffer.append(batch(7, 1));
    expect(ports(buffer)).toEqual([0, 1, 2, 3, 4]);
  });

  it('have no time span if there are none', () => {
    const buffer = new RecordBuffer(5);
    expect([buffer.span, buffer.length, buffer.full]).toEqual([null, 0, false]);
  });

  it('are the newest rows of the table, without the markers between them', () => {
    const ring = new RecordRing(6);
    ring.append(batch(0, 4));
    appendMarker(ring, { kind: 'lost', at_ms: 0, rows: 12, span_ms: 0 });
    ring.append(batch(4, 3));
    const { records, gaps } = recordsOfRing(ring);
    expect(ports(records)).toEqual([2, 3, 4, 5, 6]);
    expect(gaps).toEqual({ lost: 12, paused: 0, away: 0 });
    expect(recordsOfRing(new RecordRing(6)).records.length).toBe(0);
  });

  it('come with the known gaps between them', () => {
    const ring = new RecordRing(9);
    const missing = (kind: MarkerKind, rows: number) => appendMarker(ring, { kind, at_ms: 0, rows, span_ms: 0 });
    missing('lost', 3);
    missing('paused', 40);
    missing('filtered', 0);
    missing('disconnected', 0);
    missing('lost', 4);
    missing('restarted', 0);
    expect(recordsOfRing(ring).gaps).toEqual({ lost: 7, paused: 40, away: 2 });
  });
});
