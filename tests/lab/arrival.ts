/** So that a loader's account and the interface's counters are of the same moment. */
import type { InterfaceCounters } from './counters.ts';
import type { End, Link } from './network.ts';
import type { LabProcess } from './process.ts';
import { until } from './until.ts';

/**
 * Resolves when so many packets have reached an interface since it was made. A sender is done before that: what it
 * handed over may wait in the cable, and there it vanishes with the program. One that is attached natively has seen
 * by then what is counted.
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
 * Takes the client's end down, then waits until a loader that prints each packet in a line has printed all that came
 * to the server's, and gives the counters there. A connection that was closed is not yet silent: the peer asks again
 * for an acknowledgement that was late, and gets another one.
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
