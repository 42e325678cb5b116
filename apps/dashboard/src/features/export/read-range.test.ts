import {
  type Acknowledgement,
  MAX_PAST_ROWS,
  PACKET_LOG_SIZE,
  type PastRows,
  type PastRowsRequest,
} from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import type { AskPast } from '../../node/messages/past-events.ts';
import { readRange } from './read-range.ts';

const selection = { range: { fromMs: 0, toMs: 1000 }, lastMs: 0, filter: 'tcp' };
const quiet = { onProgress: () => {}, isOver: () => false };

/** A recorder with `count` records, whose source port is their number. */
function recorder(count: number): { ask: AskPast; requests: PastRowsRequest[] } {
  const requests: PastRowsRequest[] = [];
  const answer = (request: PastRowsRequest): Acknowledgement<PastRows> => {
    requests.push(request);
    const to = request.before === undefined ? count : Number(request.before);
    const from = Math.max(0, to - request.limit);
    const batch = makeBatch(Array.from({ length: to - from }, (_, i) => makePacket({ src_port: from + i })));
    const bytes = new Uint8Array((to - from) * PACKET_LOG_SIZE);
    for (let i = 0; i < to - from; i++) batch.copyRecord(i, bytes, i * PACKET_LOG_SIZE);
    const records = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    return {
      ok: true,
      value: { records, interfaces: [{ ifindex: 2, name: 'eth0' }], ...(from > 0 && { next: String(from) }) },
    };
  };
  return { ask: (async (_: string, request: PastRowsRequest) => answer(request)) as AskPast, requests };
}

function ports({ records }: { records: Awaited<ReturnType<typeof readRange>>['records'] }): number[] {
  return [...records.views()].flatMap((view) => Array.from({ length: view.length }, (_, i) => view.srcPort(i)));
}

test('all pages of a range are read, and stored oldest first', async () => {
  const { ask, requests } = recorder(MAX_PAST_ROWS + 3);
  const seen: number[] = [];
  const range = await readRange(ask, selection, 100_000, { ...quiet, onProgress: (rows) => seen.push(rows) });
  expect(ports(range)).toEqual(Array.from({ length: MAX_PAST_ROWS + 3 }, (_, i) => i));
  expect(seen).toEqual([MAX_PAST_ROWS, MAX_PAST_ROWS + 3]);
  expect(range).toMatchObject({ isCut: false });
  expect(range.nameOf(2)).toBe('eth0');
  expect(requests[0]).toEqual({ from_ms: 0, to_ms: 1000, filter: 'tcp', limit: MAX_PAST_ROWS });
});

test('of more packets than fit, the newest are read', async () => {
  const range = await readRange(recorder(10).ask, selection, 4, quiet);
  expect(ports(range)).toEqual([6, 7, 8, 9]);
  expect(range.isCut).toBe(true);
});

test('a rejected question ends with its sentence', async () => {
  const ask = (async () => ({ ok: false, error: { code: 'unavailable', message: 'Nothing is recorded.' } })) as AskPast;
  await expect(readRange(ask, selection, 4, quiet)).rejects.toThrow('Nothing is recorded.');
});
