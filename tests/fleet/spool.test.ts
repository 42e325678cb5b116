/** A hub's history with a real ClickHouse 18.16: every acknowledged row is in its tables once, whatever is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FleetHistory } from '@packetlog/common/fleet';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CLUSTER, type ClickHouse, startClickHouses } from '../lab/clickhouse.ts';
import { until } from '../lab/until.ts';
import { compressed, DAY_NS, minutesBlock, packetsBlock, Shipper, someRecords, TIME_NS } from './shipped-blocks.ts';

const PROCESS = fileURLToPath(new URL('./history-process.ts', import.meta.url));
const MIB = 1024 * 1024;

let servers: ClickHouse[] = [];
let directory = '';
let hub: HistoryProcess | undefined;

beforeAll(async () => {
  servers = await startClickHouses(2);
});
afterEach(async () => {
  await hub?.end('SIGTERM');
  hub = undefined;
  rmSync(directory, { recursive: true, force: true });
  for (const server of servers) await server.query('DROP DATABASE IF EXISTS packetlog');
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

class HistoryProcess {
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;
  #lines: Interface | undefined;
  port = 0;
  printed = '';

  constructor(...args: readonly string[]) {
    this.#args = args;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [PROCESS, ...this.#args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.printed += text;
    });
    this.#lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
    const [line] = await Promise.race([
      once(this.#lines, 'line'),
      once(child, 'exit').then(() => Promise.reject(new Error(this.printed))),
    ]);
    this.port = Number(line);
  }

  async counts(): Promise<FleetHistory> {
    const line = once(this.#lines as Interface, 'line');
    this.#process?.stdin?.write('\n');
    const [text] = await line;
    return JSON.parse(text as string) as FleetHistory;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

async function startHub({ cluster = '', bytes = 64 * MIB, urls = servers.map(({ url }) => url) } = {}) {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-spool-'));
  hub = new HistoryProcess(join(directory, 'spool'), String(bytes), cluster, ...urls);
  await hub.start();
  return hub;
}

const url = () => `http://127.0.0.1:${hub?.port}/`;

async function ask(sql: string): Promise<string> {
  const [first] = servers as [ClickHouse];
  return first.text(sql);
}

async function inserted(): Promise<void> {
  await until(async () => (await hub?.counts())?.spool_blocks === 0, {
    what: 'the spool to be empty',
    evidence: () => hub?.printed ?? '',
  });
}

const rowsByNode = () => ask('SELECT node, count() FROM packetlog.packets GROUP BY node ORDER BY node FORMAT TSV');
const minutesByNode = () =>
  ask('SELECT node, sum(records), sum(packets) FROM packetlog.minutes GROUP BY node ORDER BY node FORMAT TSV');

describe('a single server', () => {
  test('gets the rows of all nodes, and their sums by minute, in few parts', async () => {
    await startHub({ urls: [(servers[0] as ClickHouse).url] });
    const nodes = ['db1', 'web1', 'web2'];
    const records = new Map(nodes.map((node) => [node, Array.from({ length: 5 }, (_, i) => someRecords(100 + i))]));
    await Promise.all(
      nodes.map(async (node) => {
        const shipper = new Shipper(node, url);
        for (const each of records.get(node) ?? []) {
          await shipper.ship(packetsBlock(node, each));
          await shipper.ship(minutesBlock(node, each));
        }
        expect(shipper.acknowledged).toBe(510);
      }),
    );
    await inserted();
    expect(await rowsByNode()).toBe(nodes.map((node) => `${node}\t510`).join('\n'));
    expect(await minutesByNode()).toBe(nodes.map((node) => `${node}\t510\t764`).join('\n'));
    expect(await ask("SELECT count() FROM system.parts WHERE database = 'packetlog' AND table = 'packets'")).toMatch(
      /^[1-5]$/,
    );
    expect(await hub?.counts()).toMatchObject({
      acknowledged_rows: 1530,
      inserted_rows: 1530,
      possibly_duplicated_rows: 0,
    });
  });

  test('gets nothing of a block that is malformed, forged, or of another node; others are not held up', async () => {
    await startHub({ urls: [(servers[0] as ClickHouse).url] });
    const shipper = new Shipper('web1', url);
    const good = packetsBlock('web1', someRecords(10));
    const raw = Buffer.from('not a block');
    const bomb = compressed(Buffer.alloc(40 * MIB));
    const days = Buffer.concat([someRecords(5), someRecords(5, TIME_NS + DAY_NS)]);
    const attacks: [string, Parameters<Shipper['post']>[0], number][] = [
      ['another node', packetsBlock('web2', someRecords(10)), 400],
      ['another number of rows', { ...good, rows: 11 }, 400],
      ['another table', { ...good, table: 'minutes' }, 400],
      ['no block', { ...good, body: compressed(raw) }, 400],
      ['no gzip', { ...good, body: raw }, 400],
      ['a bomb', { ...good, body: bomb }, 400],
      ['two members', { ...good, body: Buffer.concat([good.body, good.body]) }, 400],
      ['several days', packetsBlock('web1', days), 400],
      ['a day before 1980', packetsBlock('web1', someRecords(5, 0n)), 400],
      ['too many rows', { ...good, rows: 65_537 }, 413],
    ];
    for (const [what, block, status] of attacks)
      expect([what, (await shipper.post(block)).status]).toEqual([what, status]);
    for (let i = 0; i < good.body.length; i += 7) {
      const body = Buffer.from(good.body);
      body[i] = (body[i] as number) ^ 0xff;
      expect([i, (await shipper.post({ ...good, body })).status]).toEqual([i, 400]);
    }
    expect((await shipper.post(good, { sequence: 2 })).status).toBe(409);
    await shipper.ship(good);
    expect(await (await shipper.post(good, { sequence: 1 })).json()).toEqual({ duplicate: true });
    const missing = await shipper.post(good, { sequence: 3 });
    expect([missing.status, await missing.json()]).toEqual([409, { next: 2 }]);
    await inserted();
    expect(await rowsByNode()).toBe('web1\t10');
    expect(hub?.printed).toContain('malformed');
  });

  test('that does not run fills the spool; nodes keep what comes then', async () => {
    await startHub({ urls: ['http://127.0.0.1:1/'], bytes: MIB });
    const shipper = new Shipper('web1', url);
    const block = packetsBlock('web1', someRecords(20_000));
    let sequence = 1;
    let response = await shipper.post(block, { sequence });
    while (response.status === 200) response = await shipper.post(block, { sequence: ++sequence });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
    expect(sequence).toBeGreaterThan(2);
    const counts = await hub?.counts();
    expect(counts?.spool_bytes).toBeLessThanOrEqual(MIB);
    expect(counts?.spool_blocks).toBe(sequence - 1);
  });
});

/** Passes requests on to a server, and loses the answers to inserts: the server has the rows, the hub does not know. */
async function startForgetfulProxy(target: string): Promise<{ server: Server; url: string; lost: () => number }> {
  let lost = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isInsert = request.url?.includes('INSERT') ?? false;
    const encoding = request.headers['content-encoding'];
    const answer = await fetch(new URL(request.url ?? '', target), {
      method: 'POST',
      headers: encoding === undefined ? {} : { 'Content-Encoding': encoding },
      body: Buffer.concat(chunks) as BodyInit,
    });
    const text = await answer.text();
    // Each second one, so that others are not repeated.
    if (isInsert && ++lost % 2 === 1) request.socket.destroy();
    else response.writeHead(answer.status).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`, lost: () => lost };
}

describe.each([
  ['a single server', ''],
  ['a cluster', CLUSTER],
])('%s whose answers are lost', (_, cluster) => {
  test('has the rows once, also after the hub was killed before it asked', async () => {
    const [first, second] = servers as [ClickHouse, ClickHouse];
    const proxy = await startForgetfulProxy(first.url);
    try {
      await startHub({ cluster, urls: cluster === '' ? [proxy.url] : [proxy.url, second.url] });
      const shippers = ['web1', 'web2'].map((node) => [node, new Shipper(node, url)] as const);
      let rows = 0;
      for (let i = 0; i < 6; i++) {
        for (const [node, shipper] of shippers) {
          const records = someRecords(40, i % 2 === 0 ? TIME_NS : TIME_NS + DAY_NS);
          await shipper.ship(packetsBlock(node, records));
          await shipper.ship(minutesBlock(node, records));
        }
        rows += 40;
        if (i !== 2) continue;
        const before = proxy.lost();
        await until(() => proxy.lost() > before, { what: 'an answer to be lost', evidence: () => hub?.printed ?? '' });
        await hub?.end('SIGKILL');
        await hub?.start();
      }
      await inserted();
      expect(proxy.lost()).toBeGreaterThan(1);
      expect(await rowsByNode()).toBe(`web1\t${rows}\nweb2\t${rows}`);
      expect((await minutesByNode()).split('\n').map((line) => line.split('\t')[1])).toEqual([
        String(rows),
        String(rows),
      ]);
      expect((await hub?.counts())?.possibly_duplicated_rows).toBe(0);
    } finally {
      proxy.server.close();
      proxy.server.closeAllConnections();
    }
  });
});

describe('a cluster of two servers', () => {
  test('has every acknowledged row once after the hub and both servers were killed in turn', async () => {
    await startHub({ cluster: CLUSTER });
    const nodes = Array.from({ length: 8 }, (_, i) => `node${i}`);
    const shippers = nodes.map((node) => new Shipper(node, url));
    let isOver = false;
    const shipping = shippers.map(async (shipper, i) => {
      const node = nodes[i] as string;
      let rows = 0;
      for (let n = 0; !isOver; n++) {
        const records = someRecords(50 + (n % 70), n % 10 === 0 ? TIME_NS + DAY_NS : TIME_NS);
        await shipper.ship(packetsBlock(node, records));
        await shipper.ship(minutesBlock(node, records));
        rows += 50 + (n % 70);
      }
      return rows;
    });
    const rows = () => shippers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    const progress = async (more: number) => {
      const before = rows();
      await until(() => rows() > before + more, {
        what: 'blocks to be acknowledged',
        evidence: () => hub?.printed ?? '',
      });
    };
    for (let round = 0; round < 3; round++) {
      await progress(2000);
      await hub?.end('SIGKILL');
      await hub?.start();
      for (const server of servers) {
        await progress(2000);
        await server.kill();
        await progress(2000);
        await server.start();
        await until(async () => ((await hub?.counts())?.inserted_rows ?? 0) > 0, {
          what: 'rows to be inserted',
          evidence: () => hub?.printed ?? '',
        });
      }
    }
    isOver = true;
    const sent = await Promise.all(shipping);
    await inserted();
    expect(shippers.map(({ acknowledged }) => acknowledged)).toEqual(sent);
    expect(await rowsByNode()).toBe(nodes.map((node, i) => `${node}\t${sent[i]}`).join('\n'));
    const sums = (await minutesByNode()).split('\n').map((line) => line.split('\t').slice(0, 2).join('\t'));
    expect(sums).toEqual(nodes.map((node, i) => `${node}\t${sent[i]}`));
    const each = await Promise.all(servers.map((server) => server.text('SELECT count() FROM packetlog.packets_local')));
    expect(each.map(Number).every((count) => count > 0)).toBe(true);
    expect((await hub?.counts())?.possibly_duplicated_rows).toBe(0);
    // Files are deleted when their blocks are in ClickHouse.
    expect(readdirSync(join(directory, 'spool')).filter((name) => name.endsWith('.spool')).length).toBeLessThan(4);
  });
});
