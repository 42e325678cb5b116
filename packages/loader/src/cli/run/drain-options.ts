/** What the drain thread is told of the options of a run. */
import { handover } from '../../ipc/helpers/handover.ts';
import type { DrainOptions } from '../../ipc/messages.ts';
import { serviceManagerSettings } from '../../ipc/service-manager-settings.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { lastInterfaces } from './last-interfaces.ts';

/** `ringBytes`: size of the ring of each CPU; `wantsRows`: whether records are printed, whatever clients request. */
export function drainOptions(
  options: RunOptions,
  ringBytes: number,
  wantsRows: boolean,
  server: DrainOptions['server'],
): Omit<DrainOptions, 'slabs' | 'signal' | 'recorder'> {
  return {
    interfaces: [...new Set(options.iface)],
    waitForInterfaces: options.waitForInterfaces,
    lastInterfaces: options.waitForInterfaces ? lastInterfaces(options.state.directory) : [],
    networkNamespace: watchedNamespace(options),
    mode: options.mode,
    ringBytes,
    logPermits: !options.countOnly,
    transport: options.transport,
    clock: options.clock,
    sample: options.sample,
    simulateLoss: options.simulateLoss,
    server,
    summaries: options.listen !== 'off',
    rowsPerSecond: wantsRows ? Number.POSITIVE_INFINITY : 0,
    pin: options.pin,
    bpfFs: handover()?.pins ?? options.bpfFs,
    takeOver: options.takeOver,
    serviceManager: serviceManagerSettings(process.env, process.pid, handover()?.notify),
  };
}

/** Returns the network namespace to enter; undefined: this process is in the one to watch. */
export function watchedNamespace({ netns }: Pick<RunOptions, 'netns'>): string | undefined {
  return handover()?.is_in_namespace ? undefined : netns;
}
