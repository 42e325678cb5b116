/** What `--record` keeps on the disk, against the sender's count and the interface's. Needs root. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJournal } from '@packetlog/loader/segments';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { run } from '../lab/command.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithPins } from './pinned.ts';

const RATE = 50_000;
/** Two million packets in `pnpm test`; five million with RECORDER_LONG=1. */
const LENGTH = process.env['RECORDER_LONG'] === '1' ? 2.5 : 1;
const DISK = '40m';
const FILLER_BYTES = 64 * 2 ** 20;

describe.skipIf(!requireRoot())('the recorder', () => {
  const suite = eachWithPins({ ipv6: false });
  let generator: Generator;
  let parent: string;
  let directory: string;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => generator?.remove());
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-record-'));
    // The core is not root.
    chmodSync(parent, 0o755);
    directory = join(parent, 'record');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const options = () => ['--print', 'none', '--sample', 'off', '--ring-size', '64MiB', '--record-dir', directory];
  const journal = () => readJournal(directory).entries;

  const recorded = () => recordsIn(directory);

  function missing(): number {
    return journal().reduce((sum, entry) => sum + (entry.kind === 'gap' ? entry.records : 0), 0);
  }

  test('keeps every packet with its own bytes, in files of its own user', async () => {
    const { client, link } = suite.network;
    const packetlog = await suite.started('--iface', 'server0', ...options());
    await packetlog.untilPrinted(/Recording to \S+: room for about \d+ million packets/);
    await sendUdp(client, { address: link.server.ipv4, count: 1000 });
    await untilArrived(link.server, 1000);
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });
    const [, count = ''] = /([\d,]+) recorded, 0 lost in the ring/.exec(packetlog.stderr) ?? [];
    expect(packetlog.stderr).toContain(`recorder: ${count} recorded, 0 lost`);
    expect(recorded()).toBeGreaterThanOrEqual(1000);
    expect([recorded(), missing()]).toEqual([Number(count.replaceAll(',', '')), 0]);
    expect(statSync(directory).uid).not.toBe(0);
    expect(journal().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['start', 'interfaces', 'rules', 'stop']));
  });

  test('after three kills and a full disk under load, every packet is in a segment or counted', async () => {
    mkdirSync(directory);
    await run('mount', ['-t', 'tmpfs', '-o', `mode=0755,size=${DISK}`, 'plt-record', directory]);
    const filler = join(directory, 'filler');
    try {
      const { server } = suite.network.link;
      const arrived = async () => (await server.counters()).rx.packets;
      const wait = async (count: number) => {
        const from = await arrived();
        await until(async () => (await arrived()) >= from + count, { what: `${count} packets` });
      };
      let loader = await suite.started('--iface', 'server0', ...options(), '--record-size', '20MiB');
      let isEnough = false;
      const sending = (async () => {
        let sent = 0;
        while (!isEnough) sent += (await generator.sendPaced(suite.network.link.client, RATE / 2, RATE)).sent;
        return sent;
      })();
      for (let round = 0; round < 3; round++) {
        await wait(4 * RATE * LENGTH);
        process.kill(loader.pid, 'SIGKILL');
        await loader.exited;
        await wait((RATE / 2) * LENGTH);
        loader = await suite.started(...options(), '--record-size', '20MiB');
        if (round !== 1) continue;
        await wait(RATE * LENGTH);
        fill(filler);
        await loader.untilPrinted(/Recording to \S+ stopped: .*(no space|is free)/i);
        await wait(2 * RATE * LENGTH);
        rmSync(filler);
        await loader.untilPrinted(/Recording to \S+ resumed; \d+ records are missing/);
      }
      await wait(2 * RATE * LENGTH);
      isEnough = true;
      const sent = await sending;
      await untilArrived(server, sent);
      expect(await loader.end('SIGINT')).toEqual({ code: 0, signal: null });
      const expired = journal().reduce((sum, entry) => sum + (entry.kind === 'expired' ? entry.records : 0), 0);
      const inRing = Number(/([\d,]+) recorded, 0 lost in the ring/.exec(loader.stderr)?.[1]?.replaceAll(',', ''));
      expect(inRing).toBe(sent);
      expect(missing()).toBeGreaterThan(0);
      expect(recorded() + expired + missing()).toBe(sent);
    } finally {
      await run('umount', [directory]);
    }
  });
});

/** Fills the disk: the error is the purpose. */
function fill(path: string): void {
  try {
    writeFileSync(path, new Uint8Array(FILLER_BYTES));
  } catch {
    if (!existsSync(path)) throw new Error('the disk took nothing');
  }
}
