/** A hub answers questions about the history in ClickHouse as the node does about its own recorded packets. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKET_LOG_SIZE, type PastRates, type PastRows, type PastTop } from '@packetlog/common';
import { History } from '@packetlog/hub/history';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLUSTER, type ClickHouse, startClickHouses } from '../lab/clickhouse.ts';
import { until } from '../lab/until.ts';

// The node's own code, which no package exports.
const source = (path: string) => import(new URL(`../../packages/loader/${path}`, import.meta.url).href);
const { Shipping } = (await source('src/fleet/ship/shipping.ts')) as { Shipping: new (options: object) => Shipping };
const { answerTo } = (await source('src/past/past-question.ts')) as { answerTo: AnswerTo };
const { KnownFacts } = (await source('src/past/reading/known-facts.ts')) as { KnownFacts: new () => object };
const { PastPlaces } = (await source('src/past/past-places.ts')) as { PastPlaces: new () => object };
const { ALL, T, TIMES, writePast } = (await source('test/support/past-fixture.ts')) as PastFixture;

interface Shipping {
  next(want: 'all', node: string, hub: string): (ReceivedBlock & { readonly bytes: Uint8Array }) | undefined;
  shipped(answer: object, hub: string): void;
  ledger(): object;
}
type ReceivedBlock = Omit<Parameters<History['receive']>[0], 'node' | 'body'>;
type AnswerTo = (
  asked: object,
  where: object,
) => Generator<void, { readonly answer: { ok: true; json: string } | { ok: false; error: Error } }, undefined>;
interface PastFixture {
  readonly ALL: readonly object[];
  readonly T: bigint;
  readonly TIMES: readonly bigint[];
  writePast(): string;
}

const HUB = 'http://localhost/';
const FIRST_MS = Number(T / 1_000_000n);
const LAST_MS = Number((TIMES.at(-1) as bigint) / 1_000_000n) + 1;
const MINUTE = 60_000;
const WHOLE = { from_ms: FIRST_MS - 1500, to_ms: LAST_MS + 1500 };
const MIDDLE = { from_ms: FIRST_MS + 9500, to_ms: LAST_MS - 9500 };
const MINUTES = { from_ms: Math.floor(FIRST_MS / MINUTE) * MINUTE, to_ms: Math.ceil(LAST_MS / MINUTE) * MINUTE };
const FILTERS = [undefined, 'deny', 'tcp dst port 443', 'udp and not src net 10.0.0.0/8', 'arp or icmp'];
const QUESTIONS = [WHOLE, MIDDLE, MINUTES].flatMap((range) =>
  FILTERS.map((filter) => ({ ...range, ...(filter !== undefined && { filter }) })),
);

let servers: ClickHouse[] = [];
let history: History;
let recorded = '';
let directory = '';

beforeAll(async () => {
  servers = await startClickHouses(2);
  recorded = writePast();
  directory = mkdtempSync(join(tmpdir(), 'packetlog-questions-'));
  history = await History.open({
    directory: join(directory, 'spool'),
    maxSpoolBytes: 2 ** 26,
    hasAll: true,
    clickhouse: { urls: servers.map(({ url }) => url), cluster: CLUSTER },
    log: { info: () => {}, warn: (facts, message) => console.error(message, facts) },
  });
  // Two nodes with the same packets: questions about one of them must not count the other.
  for (const node of ['web1', 'web2']) await ship(node);
  await until(() => history.counts.spool_blocks === 0, {
    what: 'the spool to be empty',
    evidence: () => history.problem ?? '',
  });
  expect(history.counts.inserted_rows).toBe(2 * ALL.length);
});
afterAll(async () => {
  await history?.close();
  await Promise.all(servers.map((server) => server.close()));
  for (const path of [recorded, directory]) rmSync(path, { recursive: true, force: true });
});

async function ship(node: string): Promise<void> {
  const state = join(directory, node);
  mkdirSync(state);
  let nowMs = 0;
  const shipping = new Shipping({ directory: state, recordDirectory: recorded, now: () => nowMs, warn: () => {} });
  for (;;) {
    nowMs += 10_000;
    const block = shipping.next('all', node, HUB);
    if (block === undefined) break;
    const { bytes, ...facts } = block;
    expect(await history.receive({ node, ...facts, body: Buffer.from(bytes) })).toEqual({ kind: 'stored' });
    shipping.shipped({ ...block, result: 'acknowledged' }, HUB);
  }
  expect(shipping.ledger()).toMatchObject({ offered: ALL.length, acked: ALL.length, pending: 0 });
}

function ofNode<Value>(verb: 'rates' | 'top' | 'rows', request: unknown): Value {
  const recorder = { bytes: 5, max_bytes: 10, is_anonymized: false };
  const answering = answerTo(
    { verb, request, recorder },
    { directory: recorded, known: new KnownFacts(), places: new PastPlaces() },
  );
  for (;;) {
    const { done, value } = answering.next();
    if (done !== true) continue;
    if (!value.answer.ok) throw new Error(value.answer.error.message);
    return JSON.parse(value.answer.json) as Value;
  }
}

test.each(QUESTIONS)('rates: %j', async (range) => {
  for (const max_steps of [1, 7, 200]) {
    const request = { ...range, max_steps };
    const wanted = ofNode<PastRates>('rates', request);
    const { columns, coverage, ...rest } = await history.questions.rates(request, ['web1']);
    expect(rest).toEqual({ step_ms: wanted.step_ms, first_at_ms: wanted.first_at_ms });
    expect(columns).toEqual(wanted.columns);
    expect(coverage).toMatchObject({ packets: wanted.coverage.packets, records: wanted.coverage.records, missing: [] });
    const both = await history.questions.rates(request, undefined);
    expect(both.coverage.packets).toBe(2 * wanted.coverage.packets);
  }
});

test.each(QUESTIONS)('top: %j', async (range) => {
  const request = { ...range, limit: 20 };
  const wanted = ofNode<PastTop>('top', request);
  const found = await history.questions.top(request, ['web1']);
  for (const list of ['sources', 'ports', 'pairs', 'rules'] as const) {
    expect([list, comparable(found[list])]).toEqual([list, comparable(wanted[list])]);
  }
  expect(found.coverage).toMatchObject({ packets: wanted.coverage.packets, records: wanted.coverage.records });
});

/** Which of several values with the same number of packets are listed is not defined. */
function comparable({ entries, others, distinct }: PastTop['sources' | 'ports' | 'pairs' | 'rules']) {
  const least = entries.at(-1)?.packets ?? 0;
  const sure = entries
    .filter(({ packets }) => packets > least)
    .map((each) => JSON.stringify(Object.entries(each).sort()));
  return { distinct, packets: entries.map(({ packets }) => packets), others: others.packets, sure: sure.sort() };
}

test.each(QUESTIONS.slice(0, 10))('rows: %j', async (range) => {
  const wanted = ofNode<PastRows>('rows', { ...range, limit: 5000 });
  let before: string | undefined;
  const found: string[] = [];
  let times: bigint[] = [];
  do {
    const answer = await history.questions.rows({ ...range, limit: 700, ...(before && { before }) }, ['web1']);
    const rows = rowsOf(answer.records);
    expect(answer.nodes).toEqual(rows.map(() => 'web1'));
    found.unshift(...rows.map((row) => row.toString('hex')));
    times = [...rows.map((row) => row.readBigUInt64LE(0)), ...times];
    before = answer.next;
  } while (before !== undefined);
  expect(times).toEqual(times.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0)));
  const { coverage } = await history.questions.rates({ ...range, max_steps: 1 }, ['web1']);
  expect(found.length).toBe(coverage.records);
  const newest = rowsOf(wanted.records);
  // The node has the newest 5,000; of the oldest time among them it may have only some.
  const least = newest[0]?.readBigUInt64LE(0) ?? 0n;
  const sure = (rows: Buffer[]) =>
    rows
      .filter((row) => row.readBigUInt64LE(0) > least)
      .map((row) => row.toString('hex'))
      .sort();
  expect(sure(found.map((hex) => Buffer.from(hex, 'hex')))).toEqual(sure(newest));
});

function rowsOf(base64: string): Buffer[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: bytes.length / PACKET_LOG_SIZE }, (_, i) =>
    bytes.subarray(i * PACKET_LOG_SIZE, (i + 1) * PACKET_LOG_SIZE),
  );
}

describe('a question', () => {
  test.each([
    [{ ...WHOLE, max_steps: 0 }, /max_steps/],
    [{ ...WHOLE, max_steps: 5, filter: "tcp' OR 1" }, /filter/],
    [{ ...WHOLE, max_steps: 5, filter: 'iface eth0' }, /only\. Leave the interface out/],
    [{}, /from_ms/],
  ])('that is not valid is rejected: %j', async (request, message) => {
    await expect(history.questions.rates(request, undefined)).rejects.toThrow(message);
  });

  test('cannot change anything', async () => {
    const before = await servers[0]?.text('SELECT count() FROM packetlog.packets');
    await history.questions.top(WHOLE, []);
    expect(await servers[0]?.text('SELECT count() FROM packetlog.packets')).toBe(before);
  });
});
