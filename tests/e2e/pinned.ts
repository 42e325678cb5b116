/** Starts loaders that leave their program behind, and inspects what they leave. */

import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import type { NetworkOptions } from '../lab/network.ts';
import { createPinPlace, type PinPlace } from '../lab/pin-place.ts';
import { type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { eachWithNetwork, type Suite } from './suite.ts';

export const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));

/** Time to start on a machine that is busy with packets. */
const BUSY_MS = 60_000;

export interface PinSuite extends Suite {
  readonly place: PinPlace;
  /** Resolves when the loader is watching. */
  started(...args: string[]): Promise<LabProcess>;
  /** Starts a loader that may fail. It always pins, into `place`, unless `args` say otherwise. */
  start(...args: string[]): LabProcess;
  unload(): LabProcess;
}

export function eachWithPins(options: NetworkOptions = {}): PinSuite {
  let place: PinPlace | undefined;
  // Hooks run in reverse order: pins are removed before the kernel is checked for leftovers.
  beforeEach(async () => {
    place = await createPinPlace();
  });
  const suite = eachWithNetwork(options);
  afterEach(() => place?.dispose());
  const need = () => {
    if (!place) throw new Error('only inside a test');
    return place;
  };
  const env = () => ({ PACKETLOG_PIN: 'always', PACKETLOG_BPFFS: need().path });
  const start = (...args: string[]) =>
    suite.own(startPacketlog(suite.network.server, { args: ['--listen', 'off', ...args], env: env() }));
  return {
    get network() {
      return suite.network;
    },
    get place() {
      return need();
    },
    own: suite.own,
    start,
    started: async (...args) => {
      const packetlog = start(...args);
      await packetlog.untilPrinted(/Waiting for Ctrl-C/, BUSY_MS);
      return packetlog;
    },
    unload: () => suite.own(startProcess(suite.network.server, process.execPath, [BIN, 'unload'], env())),
  };
}
