/** What a row of the tables of start-up failures contains, and what it can use. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT, type LoaderProgram } from '../../lab/loader-copy.ts';
import type { Network } from '../../lab/network.ts';
import type { PinPlace } from '../../lab/pin-place.ts';
import { type LabProcess, startProcess } from '../../lab/process.ts';

/** How `run` and `doctor` are started so that they meet the failure. */
export interface Setting {
  /** Options; without an interface, that is server0. */
  readonly args?: readonly string[];
  /** Undefined: not set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The loader to start; default: that of the checkout. */
  readonly program?: LoaderProgram;
  /** A command that runs the command after it. */
  readonly through?: readonly string[];
  readonly undo?: () => void | Promise<void>;
}

/** The means of one row. Everything in it is removed after the test. */
export interface Means {
  readonly network: Network;
  readonly place: PinPlace;
  /** The state directory of both commands, which exists. */
  readonly state: string;
  /** A directory for other files. */
  readonly files: string;
  /** A loader that other users can read. */
  readonly readable: LoaderProgram;
  /** Kills the process after the test, if it still runs. */
  own(process: LabProcess): LabProcess;
  /** Starts another loader, and resolves when it watches. */
  otherLoader(setting: { args: readonly string[]; env?: Readonly<Record<string, string>> }): Promise<LabProcess>;
}

export interface Row {
  readonly what: string;
  /** Id and state of the check that names the failure. */
  readonly id: string;
  readonly state: 'warn' | 'fail';
  /** Fragments of its finding and its fix. */
  readonly finding: string;
  readonly fix: string;
  /** How `run` ends; 'warns': it starts, with a warning. */
  readonly run: number | 'warns';
  /** Words that both say, if `run` does not repeat finding and fix. */
  readonly shared?: string;
  /** Other checks that fail as a consequence. */
  readonly also?: readonly string[];
  readonly inject: (means: Means) => Setting | Promise<Setting>;
}

/** A group without root's rights on its directories. */
export const UNPRIVILEGED_UID = 65_534;

/** Runs a shell script in a new mount namespace before the command. `arguments_` are $1 and so on of the script. */
export function inMounts(script: string, ...arguments_: readonly string[]): string[] {
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-ec',
    `${script}; shift ${arguments_.length}; exec "$@"`,
    'sh',
    ...arguments_,
  ];
}

/** Runs the command as root without these capabilities, named as setpriv(1) does. */
export const withoutCapabilities = (...names: readonly string[]): string[] => [
  'setpriv',
  `--bounding-set=${names.map((name) => `-${name}`).join(',')}`,
  `--inh-caps=${names.map((name) => `-${name}`).join(',')}`,
];

/** Runs the command as a user without any right. */
export const asNobody = ({ readable }: Means): Setting => ({
  program: readable,
  through: ['setpriv', `--reuid=${UNPRIVILEGED_UID}`, `--regid=${UNPRIVILEGED_UID}`, '--clear-groups'],
});

export function makeDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'packetlog-doctor-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const QUIET = ['--print', 'none', '--log-level', 'info'];

/** Starts one of the two commands with this setting. */
export function startWith({ network, state }: Means, command: 'run' | 'doctor', setting: Setting): LabProcess {
  const { args = [], env = {}, program = CHECKOUT, through = [] } = setting;
  const has = (option: string) => args.includes(option);
  const defaults = [
    ...(has('--iface') || has('--default-route') ? [] : ['--iface', 'server0']),
    ...(has('--listen') ? [] : ['--listen', 'off']),
    ...(has('--pin') ? [] : ['--pin', 'never']),
    ...(has('--print') ? [] : QUIET),
  ];
  const given = args.filter((each) => each !== '--default-route');
  const json = command === 'doctor' ? ['--json'] : [];
  const [file = '', ...rest] = [...through, program.node, program.packetlog, command, ...given, ...defaults, ...json];
  return startProcess(network.server, file, rest, { PACKETLOG_STATE_DIR: state, SSH_CONNECTION: '', ...env });
}
