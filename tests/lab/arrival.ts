/** Waits until a loader's ledger and the interface's counters include the same packets. */
import type { InterfaceCounters } from './counters.ts';
import type { End, Link } from './network.ts';
import type { LabProcess } from './process.ts';
import { until } from './until.ts';

/**
 * Resolves when `packets` packets have reached an interface since it was created. A sender finishes earlier: its
 * packets may still wait in the veth pair, and are lost there when the program is detached. A natively attached program
 * has seen every packet counted here.
 */
export async function untilArrived(end: End, packets: number): Promise<void> {
  let arrived = 0;
  await until(
    async () => {
      arrived = (await end.counters()).rx.packets;
      return arrived >= packets;
    },
    { what: `${packets} packets to reach ${end.device}`, evidence: () => `${arrived} have` },
  );
}

/**
 * Takes the client's end down, waits until a loader that prints one line per packet has printed all that arrived at the
 * server's end, and returns the counters there. A closed TCP connection can still cause packets: the peer may
 * retransmit a segment whose acknowledgement was late, and is acknowledged again.
 */
export async function unplugged({ client, server }: Link, packetlog: LabProcess): Promise<InterfaceCounters> {
  await client.namespace.ip(`link set ${client.device} down`);
  let counters = await server.counters();
  await until(
    async () => {
      counters = await server.counters();
      return packetlog.stdout.split('\n').length - 1 >= counters.rx.packets;
    },
    { what: `a line for each packet on ${server.device}`, evidence: () => `${counters.rx.packets} packets` },
  );
  return counters;
}
