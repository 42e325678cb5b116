import { type Acknowledgement, HISTORY_COLUMNS, type PastRates } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import type { AskPast, PastTops } from '../messages/past-events.ts';
import { type AskedNode, askAllNodes } from './all-nodes-recorded.ts';

function rates(first_at_ms: number, packets: number[], step_ms = 1000): PastRates {
  const columns = Object.fromEntries(
    HISTORY_COLUMNS.map((name) => [name, name === 'packets' ? packets : packets.map(() => 0)]),
  ) as PastRates['columns'];
  const sum = packets.reduce((a, b) => a + b, 0);
  return { step_ms, first_at_ms, columns, coverage: { packets: sum, records: sum, missing: [] } };
}

const ok = (value: unknown): Acknowledgement<unknown> => ({ ok: true, value });
const rejected = (message: string, retry_after_ms?: number): Acknowledgement<unknown> => ({
  ok: false,
  error: { code: 'unavailable', message, ...(retry_after_ms !== undefined && { retry_after_ms }) },
});

/** A node that answers every question so, and the questions that it was asked. */
function node(name: string, answer: Acknowledgement<unknown>, access: AskedNode['access'] = 'recording') {
  const asked: unknown[] = [];
  const askPast = (async (event: string, request: object) => {
    asked.push({ event, ...request });
    return answer;
  }) as unknown as AskPast;
  return { name, access, askPast, indexOf: (ifindex: number) => ifindex, asked };
}

const range = { from_ms: 0, to_ms: 10_000 };
const toAll = (...nodes: AskedNode[]) => askAllNodes(() => nodes);

describe('a question to all nodes', () => {
  it('adds up the rates of those that record, by the longest step, and names the others', async () => {
    const ask = toAll(
      node('web-1', ok(rates(5000, [1, 2, 3, 4, 5]))),
      node('web-2', ok(rates(5000, [100], 5000))),
      node('web-3', ok(rates(5000, [7])), 'no_recorder'),
      node('web-4', ok(rates(5000, [7])), 'unreachable'),
      node('web-5', rejected('The segments could not be read.')),
    );
    const answer = await ask('past:rates', { ...range, max_steps: 10 });
    expect(answer).toMatchObject({
      value: {
        step_ms: 5000,
        first_at_ms: 5000,
        coverage: {
          packets: 115,
          nodes: {
            answered: ['web-1', 'web-2'],
            without: [
              { name: 'web-3', why: 'no_recorder' },
              { name: 'web-4', why: 'unreachable' },
              { name: 'web-5', why: 'failed', message: 'The segments could not be read.' },
            ],
          },
        },
      },
    });
    expect(answer.ok && answer.value.columns.packets).toEqual([115]);
  });

  it('says on which node something is missing', async () => {
    const lossy = rates(0, [3]);
    lossy.coverage.missing.push({ kind: 'lost', count: 7, message: 'Lost: 7.' });
    const answer = await toAll(node('a', ok(rates(0, [1]))), node('b', ok(lossy)))('past:rates', {
      ...range,
      max_steps: 1,
    });
    expect(answer.ok && answer.value.coverage.missing).toEqual([
      { kind: 'lost', count: 7, message: 'Lost: 7.', node: 'b' },
    ]);
  });

  it('is rejected if no node can answer, and repeated for those that failed', async () => {
    const idle = node('a', ok({}), 'no_recorder');
    const none = await toAll(idle)('past:rates', { ...range, max_steps: 1 });
    expect(none).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('a: This node has no recorder') },
    });
    expect(idle.asked).toEqual([]);
    const busy = await toAll(node('a', ok(rates(0, [1]))), node('b', rejected('Busy.', 700)))('past:rates', {
      ...range,
      max_steps: 1,
    });
    expect(busy).toMatchObject({
      value: { coverage: { packets: 1, nodes: { without: [{ name: 'b', message: 'Busy.' }], retryMs: 700 } } },
    });
    const all = await toAll(node('b', rejected('Busy.', 700)))('past:rates', { ...range, max_steps: 1 });
    expect(all).toMatchObject({ ok: false, error: { message: 'b: Busy.', retry_after_ms: 700 } });
  });

  it('is rejected if only one node can answer it', async () => {
    const ask = toAll(node('a', ok({ id: 1 })));
    expect(await ask('past:bookmark', { ...range, note: '' })).toMatchObject({ ok: false });
    expect(await ask('past:learn', { ...range, filter: 'tcp' })).toMatchObject({ ok: false });
  });

  it('takes the first time of a source, and the reach of each recorder', async () => {
    const seen = await toAll(node('a', ok({ x: 5, y: 9 })), node('b', ok({ x: 3 })))('past:first_seen', {
      addresses: ['x', 'y'],
    });
    expect(seen).toEqual({ ok: true, value: { x: 3, y: 9 } });
    const facts = { oldest_ms: 0, newest_ms: 0, bytes: 5, max_bytes: 9, is_anonymized: false, bookmarks: [] };
    const answer = await toAll(
      node('a', ok(facts)),
      node('b', ok({ ...facts, oldest_ms: 4, newest_ms: 8 })),
      node('c', ok(facts), 'no_recorder'),
    )('past:facts', {});
    expect(answer).toMatchObject({
      value: {
        oldest_ms: 4,
        newest_ms: 8,
        bytes: 10,
        nodes: [{ name: 'a' }, { name: 'b' }, { name: 'c', facts: expect.stringContaining('no recorder') }],
      },
    });
  });

  it('asks for longer top lists than it returns', async () => {
    const list = { entries: [], others: { packets: 0, bytes: 0 }, distinct: 0 };
    const tops: PastTops = {
      ...{ sources: list, ports: list, pairs: list, rules: list, interfaces: list },
      coverage: { packets: 0, records: 0, missing: [] },
    };
    const asked = node('a', ok(tops));
    await toAll(asked)('past:top', range);
    expect(asked.asked).toEqual([{ event: 'past:top', ...range, limit: 100 }]);
  });
});
