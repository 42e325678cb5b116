/** The settings of a run, as options, environment and configuration file give them. */
import type { Filter } from '@packetlog/common';
import type { ClockPolicy } from '../../ipc/clock-policy.ts';
import type { RequestedMode, RequestedTransport } from '../../ipc/settings.ts';
import type { StatePaths } from '../../rules/store/state-directory.ts';
import type { HubOptions } from './hub-options.ts';
import type { RecordOptions } from './record-options.ts';
import type { ListenAddress } from './values.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type PrintFormat = 'text' | 'json' | 'none';

export interface TlsFiles {
  /** Path of the certificate, followed by those of the intermediate authorities, in PEM. */
  readonly cert: string;
  /** Path of the private key, in PEM and without a passphrase. */
  readonly key: string;
}

export interface RunOptions {
  /** Empty: the interface of the default route. */
  iface: string[];
  /** Whether to wait for interfaces that do not exist yet. */
  waitForInterfaces: boolean;
  mode: RequestedMode;
  print: PrintFormat;
  /** Filter for printed records; undefined: everything. */
  filter: Filter | undefined;
  /** File for denied packets; undefined: none. */
  logDenies: string | undefined;
  /** Maximum lines per second in that file. */
  logDeniesRate: number;
  listen: ListenAddress | 'off';
  /** Directory of the built dashboard; undefined: the one built next to this package. */
  ui: string | undefined;
  /** Bytes per CPU; undefined: depends on the machine's memory. */
  ringSize: number | undefined;
  logLevel: LogLevel;
  countOnly: boolean;
  transport: RequestedTransport;
  clock: ClockPolicy;
  /** N: record 1 of N permitted packets; SAMPLE_AUTO: depends on how full the ring is. */
  sample: number;
  /** Number of records to lose deliberately. */
  simulateLoss: number;
  netns: string | undefined;
  /** Whether clients may request the names of addresses. */
  reverseDns: boolean;
  /** MMDB files with the location of addresses. */
  geoip: string[];
  allowOrigin: string[];
  allowNode: string[];
  /** Where metrics are served; `same`: on the port of `listen`. */
  metrics: ListenAddress | 'same' | 'off';
  /** Undefined: plain HTTP. */
  tls: TlsFiles | undefined;
  config: string | undefined;
  /** Undefined: nothing is recorded. */
  record: RecordOptions | undefined;
  /** Undefined: this loader is no node of a fleet. */
  fleet: HubOptions | undefined;
  /** Paths of the rules and related files. */
  state: StatePaths;
  /** Addresses and networks that no rule may deny, in addition to those in the rules file. */
  protect: string[];
  /** Milliseconds after which a risky change of the rules reverts unless it is confirmed. */
  confirmWithin: number;
  /** Whether program and maps outlive the process. */
  pin: 'auto' | 'always' | 'never';
  /** The bpf file system to pin in; undefined: the default one. */
  bpfFs: string | undefined;
  /** Unix socket at which a server process connects that the service manager started; undefined: start one. */
  serverSocket: string | undefined;
  /** Why the core keeps root's rights, as a clause; undefined: it has none, or that was not tried. */
  keepsRoot?: string | undefined;
  /** Whether to take over the program that an earlier loader left in the kernel. */
  takeOver: boolean;
}
