import { PACKET_LOG_SIZE } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import type { AskPast } from '../messages/past-events.ts';
import { recordsOf } from '../rows/past-records.ts';
import { AllNodesRows, type RowsNode } from './all-nodes-rows.ts';

interface Question {
  readonly limit: number;
  readonly before?: string;
}

/** A node with rows at these times, ns, that answers as a loader does: page by page, newest first. */
function node(
  name: string,
  times: readonly number[],
  offset: number,
  fails: (question: Question) => boolean = () => false,
) {
  const asked: Question[] = [];
  const askPast = (async (_event: string, question: Question) => {
    asked.push(question);
    if (fails(question)) return { ok: false, error: { code: 'unavailable', message: 'Not readable.' } };
    const to = question.before === undefined ? times.length : Number(question.before.split('-')[2]);
    const from = Math.max(0, to - question.limit);
    const packets = times.slice(from, to).map((time) => makePacket({ timestamp_ns: BigInt(time), ifindex: 2 }));
    const batch = makeBatch(packets);
    const bytes = new Uint8Array(packets.length * PACKET_LOG_SIZE);
    for (let i = 0; i < packets.length; i++) batch.copyRecord(i, bytes, i * PACKET_LOG_SIZE);
    return {
      ok: true,
      value: {
        records: btoa(String.fromCharCode(...bytes)),
        interfaces: [{ ifindex: 2, name: 'eth0' }],
        ...(from > 0 && { next: `0-0-${from}` }),
      },
    };
  }) as unknown as AskPast;
  return { name, askPast, indexOf: (ifindex: number) => ifindex + offset, asked };
}

const range = { from_ms: 0, to_ms: 10_000 };

/** Reads all pages. Returns the times and interface numbers of each, oldest first. */
async function pages(nodes: readonly RowsNode[], limit: number) {
  const rows = new AllNodesRows();
  const read: { times: number[]; interfaces: number[] }[] = [];
  let before: string | undefined;
  for (;;) {
    const request = { ...range, limit, ...(before !== undefined && { before }) };
    const answer = await rows.page(request, { nodes, without: [] });
    if (!answer.ok) throw new Error(answer.error.message);
    const view = recordsOf(answer.value.records);
    const all = Array.from({ length: view.length }, (_, i) => i);
    read.push({ times: all.map((i) => Number(view.timestampNs(i))), interfaces: all.map((i) => view.ifindex(i)) });
    before = answer.value.next;
    if (before === undefined) return { read, last: answer.value };
  }
}

describe('rows of all nodes', () => {
  it('are merged by time, page by page, each exactly once', async () => {
    const { read, last } = await pages([node('web-1', [1, 2, 5, 8, 9], 10), node('web-2', [3, 4, 6, 7], 20)], 3);
    expect(read.map(({ times }) => times)).toEqual([
      [7, 8, 9],
      [4, 5, 6],
      [1, 2, 3],
    ]);
    expect(read[0]?.interfaces).toEqual([22, 12, 12]);
    expect(last.interfaces).toEqual([
      { ifindex: 12, name: 'web-1 eth0' },
      { ifindex: 22, name: 'web-2 eth0' },
    ]);
  });

  it.each([1, 2, 4, 7, 100])('are all there with pages of %d', async (limit) => {
    const [odd, even] = [Array.from({ length: 40 }, (_, i) => 2 * i + 1), [0, 2, 4, 90, 92, 94, 94, 94]];
    const { read } = await pages([node('a', odd, 0), node('b', even, 100), node('c', [], 200)], limit);
    const times = read.toReversed().flatMap((page) => page.times);
    expect(times).toEqual([...odd, ...even].sort((a, b) => a - b));
    expect(Math.max(...read.map((page) => page.times.length))).toBeLessThanOrEqual(limit);
  });

  it('are read again if a page is asked for again', async () => {
    const rows = new AllNodesRows();
    const nodes = [node('a', [1, 2, 3], 0), node('b', [4, 5, 6], 0)];
    const first = await rows.page({ ...range, limit: 2 }, { nodes, without: [] });
    const before = first.ok ? (first.value.next ?? '') : '';
    const again = () => rows.page({ ...range, limit: 2, before }, { nodes, without: [] });
    expect(await again()).toMatchObject({
      value: { records: ((await again()) as typeof first & { ok: true }).value.records },
    });
  });

  it('go on without a node that fails, which is named; all fail if no node answers', async () => {
    const gone = { name: 'c', why: 'no_recorder' as const, message: 'No recorder.' };
    const broken = node('b', [4, 5, 6], 0, () => true);
    const rows = new AllNodesRows();
    const answer = await rows.page({ ...range, limit: 9 }, { nodes: [node('a', [1, 2], 0), broken], without: [gone] });
    expect(answer).toMatchObject({
      value: { nodes: { answered: ['a'], without: [gone, { name: 'b', why: 'failed', message: 'Not readable.' }] } },
    });
    expect(answer.ok && recordsOf(answer.value.records).length).toBe(2);
    expect(await rows.page({ ...range, limit: 9 }, { nodes: [broken], without: [] })).toMatchObject({
      ok: false,
      error: { message: 'b: Not readable.' },
    });
  });

  it('are rejected at a position that is not known', async () => {
    const rows = new AllNodesRows();
    expect(await rows.page({ ...range, limit: 1, before: '7' }, { nodes: [], without: [] })).toMatchObject({
      ok: false,
    });
  });
});
