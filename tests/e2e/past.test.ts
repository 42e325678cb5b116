/** Questions of a client about packets that a loader records, against the sender's counts. Needs root. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PacketLogClient } from '@packetlog/client';
import type { PacketLog } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { ethernet, ipv4, udp } from '../lab/frame.ts';
import { LAB_TOKEN, type LabProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort, sendFrames, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithPins } from './pinned.ts';

const PORTS = [4000, 4001, 4002];
const SENT = 600;
const OTHER = '203.0.113.77';
const OTHER_SENT = 40;

describe.skipIf(!requireRoot())('questions about recorded packets', () => {
  const suite = eachWithPins({ ipv6: false });
  const closers: (() => Promise<void>)[] = [];
  let parent: string;
  let directory: string;
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

  async function start(...args: string[]): Promise<{ loader: LabProcess; client: PacketLogClient }> {
    const listen = ['--listen', '127.0.0.1:0', '--ui', 'off', '--print', 'none', '--sample', 'off'];
    const loader = await suite.started(...listen, ...args);
    const [text] = await loader.untilPrinted(/http:\/\/\S+/);
    const forward: Forward = await forwardPort(suite.network.server, Number(new URL(text).port));
    closers.push(() => forward.close());
    const client = await connect(new URL(text).origin, { token: LAB_TOKEN });
    closers.push(() => client.close());
    return { loader, client };
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
    const facts = await client.past.facts();
    expect(facts).toMatchObject({ is_anonymized: false, bookmarks: [], max_bytes: expect.any(Number) });
    expect(facts.oldest_ms).toBeGreaterThan(from_ms);
    expect(facts.newest_ms).toBeGreaterThanOrEqual(facts.oldest_ms);
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
