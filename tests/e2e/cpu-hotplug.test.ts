/**
 * A CPU goes offline and online under traffic: every packet is counted. Needs root and a second CPU that can go offline.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';
import { eachWithNetwork } from './suite.ts';

const ONLINE = '/sys/devices/system/cpu/cpu1/online';
const RATE = 20_000;

/** Returns whether this machine has a second CPU that can be taken offline and online again. Always restores it. */
function canUnplug(): boolean {
  if (!existsSync(ONLINE)) return false;
  try {
    writeFileSync(ONLINE, '0');
    return true;
  } catch {
    return false;
  } finally {
    writeFileSync(ONLINE, '1');
  }
}

describe.skipIf(!requireRoot())('a CPU that goes offline and online', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let generator: Generator;
  beforeAll(async () => {
    generator = await buildGenerator();
  });
  afterAll(() => {
    writeFileSync(ONLINE, '1');
    generator?.remove();
  });

  test.for(['array', 'ring', 'perf'])('leaves every packet in the sums (%s)', async (transport, { skip }) => {
    skip(!canUnplug(), 'this machine does not let its second CPU go');
    const { server, link } = suite.network;
    const args = ['--iface', link.server.device, '--print', 'json', '--listen', 'off', '--sample', 'off'];
    const packetlog = suite.own(startPacketlog(server, { args: [...args, '--transport', transport] }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const arrived = async () => (await link.server.counters()).rx.packets;
    const more = async (packets: number) => {
      const from = await arrived();
      await until(async () => (await arrived()) >= from + packets, { what: `${packets} packets more` });
    };
    // Two senders, one per CPU: a CPU receives what it sent.
    const sending = Promise.all([1, 2].map(() => generator.sendPaced(link.client, 4 * RATE, RATE)));
    sending.catch(() => {});
    try {
      for (let time = 0; time < 3; time++) {
        await more(RATE / 2);
        writeFileSync(ONLINE, '0');
        await more(RATE / 2);
        writeFileSync(ONLINE, '1');
      }
    } finally {
      writeFileSync(ONLINE, '1');
    }
    expect(readFileSync(ONLINE, 'utf8').trim()).toBe('1');
    const sent = (await sending).reduce((sum, each) => sum + each.sent, 0);
    await until(async () => (await arrived()) === sent, { what: 'all packets' });
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

    const { records, ledger } = readJsonOutput(packetlog.stdout);
    const counters = ledger.interfaces[link.server.device];
    expect(counters?.seen).toBe(sent);
    expect(discrepancies(ledger)).toEqual([]);
    expect(records.length + ledger.delivered.dropped).toBe(counters?.emitted);
    // A perf buffer belongs to one CPU and ends with it: later packets on that CPU are counted as lost.
    if (transport !== 'perf') expect(counters?.ring_full).toBe(0);
    expect((counters?.emitted ?? 0) + (counters?.ring_full ?? 0)).toBe(sent);
  });
});
