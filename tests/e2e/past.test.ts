/** Questions of a client about packets that a loader records, against the sender's counts. Needs root. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PacketLogClient } from '@packetlog/client';
import type { PacketLog } from '@packetlog/common';
import { readJournal } from '@packetlog/loader/segments';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { ethernet, ipv4, udp } from '../lab/frame.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { LAB_ADMIN_TOKEN, LAB_TOKEN, type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort, sendFrames, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithPins } from './pinned.ts';

const PORTS = [4000, 4001, 4002];
const SENT = 600;
const OTHER = '203.0.113.77';
const OTHER_SENT = 40;
const RATE = 50_000;

interface Started {
  readonly loader: LabProcess;
  /** Without the admin token. */
  readonly client: PacketLogClient;
  readonly url: string;
}

describe.skipIf(!requireRoot())('questions about recorded packets', () => {
  const suite = eachWithPins({ ipv6: false });
  const closers: (() => Promise<void>)[] = [];
  let generator: Generator;
  let parent: string;
  let directory: string;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => generator?.remove());
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-past-'));
    // The core is not root.
    chmodSync(parent, 0o755);
    directory = join(parent, 'record');
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    rmSync(parent, { recursive: true, force: true });
  });

  async function start(...args: string[]): Promise<Started> {
    const listen = ['--listen', '127.0.0.1:0', '--ui', 'off', '--print', 'none', '--sample', 'off'];
    const loader = await suite.started(...listen, ...args);
    const [text] = await loader.untilPrinted(/http:\/\/\S+/);
    const forward: Forward = await forwardPort(suite.network.server, Number(new URL(text).port));
    closers.push(() => forward.close());
    const url = new URL(text).origin;
    const client = await connect(url, { token: LAB_TOKEN });
    closers.push(() => client.close());
    return { loader, client, url };
  }

  test('are answered with what was sent', async () => {
    const { client: sender, link } = suite.network;
    const { client, loader } = await start('--iface', 'server0', '--ring-size', '16MiB', '--record-dir', directory);
    const from_ms = Date.now() - 60_000;
    const range = () => ({ from_ms, to_ms: Date.now() + 60_000 });
    const address = link.server.ipv4;
    await sendUdp(sender, { address, ports: PORTS, count: SENT });
    const frames = [ethernet(ipv4({ src: OTHER, dst: address }, udp({ dst: 53 })))];
    expect((await sendFrames(link.client, frames, { repeat: OTHER_SENT })).sent).toBe(OTHER_SENT);
    await untilArrived(link.server, SENT + OTHER_SENT);
    const packets = async () => (await client.past.rates({ ...range(), max_steps: 1, filter: 'udp' })).coverage.packets;
    await until(async () => (await packets()) === SENT + OTHER_SENT, { what: 'all packets' });

    const { columns, coverage } = await client.past.rates({ ...range(), max_steps: 200, filter: 'udp' });
    const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
    expect([sum(columns.packets), sum(columns.udp), sum(columns.permitted), sum(columns.lost)]).toEqual([
      ...[SENT + OTHER_SENT, SENT + OTHER_SENT, SENT + OTHER_SENT, 0],
    ]);
    expect(coverage.missing.map(({ kind }) => kind)).toEqual(['not_recorded']);

    expect([niceOf(loader.pid, 'packetlog-past'), niceOf(loader.pid, 'packetlog-drain')]).toEqual([10, 0]);
    const top = await client.past.top({ ...range(), filter: 'udp', limit: 3 });
    expect(top.sources).toMatchObject({
      distinct: 2,
      others: { packets: 0, bytes: 0 },
      entries: [
        { addr: link.client.ipv4, packets: SENT, ports: PORTS.length },
        { addr: OTHER, packets: OTHER_SENT, ports: 1 },
      ],
    });
    expect(top.interfaces.entries).toMatchObject([{ name: 'server0', packets: SENT + OTHER_SENT }]);
    expect(top.ports).toMatchObject({ distinct: 4, others: { packets: OTHER_SENT } });
    expect(top.pairs.entries[0]).toMatchObject({ src_addr: link.client.ipv4, dst_addr: address, packets: SENT });

    const rows: PacketLog[] = [];
    let before: string | undefined;
    do {
      const page = await client.past.rows({ ...range(), filter: 'udp', limit: 77, before });
      expect(page.interfaces).toEqual([{ ifindex: expect.any(Number), name: 'server0' }]);
      rows.unshift(...page.packets);
      before = page.next;
    } while (before !== undefined);
    expect(rows).toHaveLength(SENT + OTHER_SENT);
    expect(rows.filter(({ src_addr }) => src_addr === OTHER)).toHaveLength(OTHER_SENT);

    const seen = await client.past.firstSeen([OTHER, '203.0.113.1']);
    const first = rows.find(({ src_addr }) => src_addr === OTHER)?.timestamp_ns ?? 0n;
    expect(seen).toEqual({ [OTHER]: Number(first / 1_000_000n) });
    const dryRun = await client.past.dryRun({ ...range(), add: { action: 'deny', source: OTHER } });
    expect(dryRun.newly_denied).toMatchObject({ packets: OTHER_SENT, records: OTHER_SENT, sources: 1 });
    expect(dryRun.by_source).toMatchObject([{ addr: OTHER, packets: OTHER_SENT }]);
    expect(await client.past.cancel('dry_run')).toBe(false);
    const facts = await client.past.facts();
    expect(facts).toMatchObject({ is_anonymized: false, bookmarks: [], max_bytes: expect.any(Number) });
    expect(facts.oldest_ms).toBeGreaterThan(from_ms);
    expect(facts.newest_ms).toBeGreaterThanOrEqual(facts.oldest_ms);
    await client.close();
    expect(await loader.end('SIGINT')).toEqual({ code: 0, signal: null });
  });

  test('include bookmarks, which administrators change, and which can be exported', async () => {
    const { client: sender, link, server } = suite.network;
    const options = ['--ring-size', '16MiB', '--record-dir', directory];
    const first = await start('--iface', 'server0', ...options);
    const from_ms = Date.now() - 1000;
    await sendUdp(sender, { address: link.server.ipv4, count: SENT });
    await untilArrived(link.server, SENT);
    const range = () => ({ from_ms, to_ms: Date.now() + 60_000 });
    const packets = async () =>
      (await first.client.past.rates({ ...range(), max_steps: 1, filter: 'udp' })).coverage.packets;
    await until(async () => (await packets()) === SENT, { what: 'all packets' });
    const note = 'the test';
    await expect(first.client.past.bookmark({ ...range(), note })).rejects.toMatchObject({ code: 'forbidden' });
    const admin = await connect(first.url, { token: LAB_TOKEN, adminToken: LAB_ADMIN_TOKEN });
    closers.push(() => admin.close());
    const bookmark = await admin.past.bookmark({ ...range(), note });
    expect(bookmark).toMatchObject({ id: 1, from_ms, note });
    expect(bookmark.to_ms).toBeLessThanOrEqual(Date.now() + 1);
    await expect(admin.past.unbookmark(2)).rejects.toMatchObject({ code: 'invalid' });
    await admin.close();
    await first.client.close();
    expect(await first.loader.end('SIGINT')).toEqual({ code: 0, signal: null });

    const { client, loader } = await start('--iface', 'server0', ...options);
    const { bookmarks } = await client.past.facts();
    expect(bookmarks).toEqual([{ ...bookmark, bytes: expect.any(Number) }]);
    const command = suite.own(
      startPacketlog(server, {
        args: ['segments', 'export', '--bookmark', '1', '--filter', 'udp', '--dir', directory],
      }),
    );
    expect(await command.exited).toMatchObject({ code: 0 });
    expect(command.stdout.trimEnd().split('\n')).toHaveLength(SENT);
    await client.close();
    await loader.end('SIGINT');
  });

  // A kill at the right moment costs nothing.
  test('say how many packets a kill cost', { retry: 3 }, async () => {
    const options = ['--ring-size', '64MiB', '--record-dir', directory];
    const first = await start('--iface', 'server0', ...options);
    const from_ms = Date.now() - 60_000;
    const sending = generator.sendPaced(suite.network.link.client, 4 * RATE, RATE);
    await untilArrived(suite.network.link.server, RATE);
    process.kill(first.loader.pid, 'SIGKILL');
    await first.loader.exited;
    const { loader, client } = await start(...options);
    const { sent } = await sending;
    await untilArrived(suite.network.link.server, sent);
    const rates = () => client.past.rates({ from_ms, to_ms: Date.now() + 60_000, max_steps: 100 });
    const lostIn = (entries: readonly { kind: string; count?: number | undefined }[]) =>
      entries.reduce((all, { kind, count = 0 }) => (kind === 'lost' ? all + count : all), 0);
    await until(
      async () => {
        const { coverage } = await rates();
        return coverage.records + lostIn(coverage.missing) >= sent;
      },
      { what: 'all packets recorded or counted' },
    );
    const { coverage, columns } = await rates();
    const gaps = readJournal(directory).entries.flatMap((entry) => (entry.kind === 'gap' ? [entry.records] : []));
    expect(gaps.length).toBeGreaterThan(0);
    expect(lostIn(coverage.missing)).toBe(gaps.reduce((all, records) => all + records));
    expect(columns.lost.reduce((all, lost) => all + lost)).toBe(lostIn(coverage.missing));
    expect(coverage.missing.find(({ kind }) => kind === 'lost')?.message).toContain('the recorder was killed');
    expect(coverage.records + lostIn(coverage.missing)).toBe(sent);
    await client.close();
    expect(await loader.end('SIGINT')).toEqual({ code: 0, signal: null });
  });

  test('are rejected with the option that records', async () => {
    const { client, loader } = await start('--iface', 'server0');
    await expect(client.past.facts()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('--record'),
    });
    await client.close();
    await loader.end('SIGINT');
  });
});

/** The nice value of a thread: field 19 of /proc/PID/task/TID/stat, see proc(5). */
function niceOf(pid: number, name: string): number | undefined {
  const tasks = `/proc/${pid}/task`;
  const tid = readdirSync(tasks).find((task) => readFileSync(`${tasks}/${task}/comm`, 'utf8').trim() === name);
  const fields = readFileSync(`${tasks}/${tid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  return fields === undefined ? undefined : Number(fields[16]);
}
