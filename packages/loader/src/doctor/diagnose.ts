/** Judges what `packetlog run` would do with the same options. Attaches nothing and changes nothing. */
import type { RequestedMode, RequestedTransport } from '../ipc/settings.ts';
import type { StatePaths } from '../rules/store/state-directory.ts';
import { enterNamespaceAt, networkNamespaceId } from '../system/network-namespace.ts';
import { ringBytesFor } from '../transports/ring-memory.ts';
import { attempt, type Check, ok } from './doctor-check.ts';
import { interfaceChecks } from './inspect-interfaces.ts';
import { machineChecks } from './inspect-machine.ts';
import { inspectPins } from './inspect-pins.ts';
import { serverChecks } from './inspect-server.ts';
import { stateChecks } from './inspect-state.ts';

export interface DoctorOptions {
  /** Version of the package. */
  version: string;
  /** Empty: the interface of the default route. */
  iface: readonly string[];
  waitForInterfaces: boolean;
  /** Interfaces of the last start. */
  lastInterfaces: readonly string[];
  mode: RequestedMode;
  netns: string | undefined;
  listen: { host: string; port: number } | 'off';
  hasTls: boolean;
  metrics: { host: string; port: number } | 'same' | 'off';
  allowOrigin: readonly string[];
  geoip: readonly string[];
  ringSize: number | undefined;
  transport: RequestedTransport;
  state: StatePaths;
  pin: 'auto' | 'always' | 'never';
  bpfFs: string | undefined;
}

/** Resolves with all checks. `serverFiles`: checks of files that only the command line knows. */
export async function diagnose(options: DoctorOptions, serverFiles: () => Check[]): Promise<Check[]> {
  const { checks: state, loader } = await stateChecks(options.state);
  // Before the network namespace is entered: the server listens in that of the process.
  const server = await serverChecks({ ...options, isRunning: loader !== undefined });
  return [
    ...machineChecks(options.version, options.ringSize),
    ...server,
    ...serverFiles(),
    ...state,
    ...networkChecks(options, loader),
  ];
}

/** `loader`: pid of the loader that already runs with these settings. */
function networkChecks(options: DoctorOptions, loader: number | undefined): Check[] {
  const { netns, mode, iface, waitForInterfaces, lastInterfaces } = options;
  return attempt('namespace', () => {
    networkNamespaceId(netns);
    if (netns !== undefined) enterNamespaceAt(netns);
    const entered = ok(
      'namespace',
      netns === undefined ? 'The network namespace of this process' : `Network namespace ${netns}`,
    );
    const pins = inspectPins({ ...options, loader, ringBytes: ringBytesOf(options.ringSize) });
    const interfaces = interfaceChecks({
      given: iface,
      waitForInterfaces,
      lastInterfaces,
      mode,
      loader,
      leftoverPrograms: pins.programs,
      leftoverNames: pins.names,
    });
    return [entered, ...pins.checks, ...interfaces];
  });
}

/** Returns undefined if the size is wrong, which the check of the memory reports. */
function ringBytesOf(requested: number | undefined): number | undefined {
  try {
    return ringBytesFor(requested);
  } catch {
    return undefined;
  }
}
