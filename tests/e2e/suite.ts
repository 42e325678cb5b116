/** Gives each end-to-end test a separate network, and checks afterwards that the kernel is as before. */
import { afterEach, beforeEach } from 'vitest';
import { assertNothingLeft, type Inventory, takeInventory } from '../lab/leftovers.ts';
import { createNetwork, type Network, type NetworkOptions } from '../lab/network.ts';
import type { LabProcess } from '../lab/process.ts';

export interface Suite {
  readonly network: Network;
  /** Kills the process at the end of the test, if it still runs. */
  own<P extends LabProcess>(process: P): P;
}

export function eachWithNetwork(options: NetworkOptions = {}): Suite {
  let before: Inventory;
  let network: Network | undefined;
  let processes: LabProcess[] = [];
  beforeEach(async () => {
    before = await takeInventory();
    network = await createNetwork(options);
  });
  afterEach(async () => {
    for (const process of processes) await process.dispose();
    processes = [];
    await network?.dispose();
    network = undefined;
    await assertNothingLeft(before);
  });
  return {
    get network() {
      if (!network) throw new Error('only inside a test');
      return network;
    },
    own: (process) => {
      processes.push(process);
      return process;
    },
  };
}
