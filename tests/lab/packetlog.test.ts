/**
 * Runs the real command in the lab, and compares its output with the counts of the sender and of the interface.
 * Needs root.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertNothingLeft, type Inventory, LAB_MARK, takeInventory, xdpOn } from './leftovers.ts';
import { createNetwork, type Network } from './network.ts';
import { startPacketlog } from './process.ts';
import { requireRoot } from './root.ts';
import { sendUdp } from './traffic.ts';

/** Not in the interface's bytes once a native program is attached: see counters.ts. */
const ETHERNET_HEADER = 14;
const args = ['--iface', 'server0', '--print', 'json', '--listen', 'off'];

describe.skipIf(!requireRoot())('packetlog in the lab', () => {
  let before: Inventory;
  let network: Network;
  beforeEach(async () => {
    before = await takeInventory();
    network = await createNetwork();
  });
  afterEach(async () => {
    await network.dispose();
    await assertNothingLeft(before);
  });

  /** Counts complete lines: the last one may still be incomplete. */
  const records = (stdout: string) =>
    stdout
      .slice(0, stdout.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{"timestamp_ns"'))
      .map((line) => JSON.parse(line) as { src_port: number; length: number });

  test('prints each datagram once, as many as the sender sent and the interface counted', async () => {
    const packetlog = startPacketlog(network.server, { args });
    await packetlog.untilPrinted(/Watching server0/);
    const { sent } = await sendUdp(network.client, {
      address: network.link.server.ipv4,
      count: 1000,
      sourcePorts: [40001, 40002, 40003, 40004],
      perSecond: 20_000,
    });
    await packetlog.until(({ stdout }) => records(stdout).length >= 1000, '1000 records');
    expect(await packetlog.end('SIGINT')).toEqual({ code: 0, signal: null });

    const printed = records(packetlog.stdout);
    expect(printed).toHaveLength(sent);
    for (const port of [40001, 40002, 40003, 40004]) {
      expect(printed.filter(({ src_port }) => src_port === port)).toHaveLength(250);
    }
    const { rx } = await network.link.server.counters();
    expect(rx.packets).toBe(1000);
    expect(printed.reduce((sum, { length }) => sum + length, 0)).toBe(rx.bytes + 1000 * ETHERNET_HEADER);
  });

  test('its program is removed when it ends, even when it is killed', async () => {
    const packetlog = startPacketlog(network.server, { args });
    await packetlog.untilPrinted(/Watching server0/);
    expect(await xdpOn(network.server, 'server0')).toBeDefined();
    await packetlog.end('SIGKILL');
    expect(await xdpOn(network.server, 'server0')).toBeUndefined();
  });

  test('its program counts as a leftover while it exists; the program of another loader does not', async () => {
    const ours = startPacketlog(network.server, { args });
    await ours.untilPrinted(/Watching server0/);
    await expect(assertNothingLeft(before, 100)).rejects.toThrow(/program packetlog_\w+ with id/);
    await ours.end('SIGKILL');
    const theirs = startPacketlog(network.server, { args, env: { [LAB_MARK]: 'someone else' } });
    await theirs.untilPrinted(/Watching server0/);
    const left = [...(await takeInventory())].filter((entry) => entry.startsWith('program packetlog'));
    expect(left.filter((entry) => !before.has(entry))).toEqual([]);
    await theirs.end('SIGKILL');
  });
});
