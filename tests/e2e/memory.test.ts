/** The memory that the start needed is returned. Needs root. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertNothingLeft, type Inventory, takeInventory } from '../lab/leftovers.ts';
import { createNetwork } from '../lab/network.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { loaderPids } from '../lab/server-process.ts';
import { until } from '../lab/until.ts';

/** Both processes return more than twice as much. */
const RETURNED_MIB = 2;

/** Returns the private memory of a process. */
function anonymousMib(pid: number): number {
  return Number(/^Anonymous:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024;
}

describe.skipIf(!requireRoot())('without packets and clients', () => {
  let before: Inventory;
  beforeAll(async () => {
    before = await takeInventory();
  });
  afterAll(() => assertNothingLeft(before));

  test('core and server return the memory that their start needed', async () => {
    await using network = await createNetwork();
    const args = ['--iface', 'server0', '--print', 'none', '--listen', '127.0.0.1:0'];
    await using packetlog = startPacketlog(network.server, { args });
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const pids = loaderPids(packetlog.pid);
    expect(pids).toHaveLength(2);
    const atStart = pids.map(anonymousMib);
    const returned = () => pids.map((pid, i) => (atStart[i] ?? 0) - anonymousMib(pid));
    await until(() => returned().every((mib) => mib >= RETURNED_MIB), {
      what: 'both processes to return memory',
      evidence: () => `returned by core and server, in MiB: ${returned().join(', ')}`,
    });
  });
});
