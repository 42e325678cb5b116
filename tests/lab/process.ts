import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespace.ts';
import { DEADLINE_MS } from './until.ts';

export const PACKETLOG = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process inside the lab with all its output. */
export interface LabProcess {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /**
   * Waits until `check` returns true; calls it after each output. Throws at the deadline, or when the process ends
   * first.
   */
  until(check: (process: LabProcess) => boolean, what: string, deadlineMs?: number): Promise<void>;
  /** Waits for standard error or output to match, and resolves with the match. */
  untilPrinted(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** Sends the signal and waits for the end. Throws at the deadline. */
  end(signal?: NodeJS.Signals, deadlineMs?: number): Promise<Exit>;
  /** Resolves when the process has ended, for whatever reason, and its output is complete. */
  readonly exited: Promise<Exit>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A process whose standard input is a pipe. */
export interface FedProcess extends LabProcess {
  /** Resolves when the process has read the text, except for what the pipe buffers. */
  write(text: string): Promise<void>;
  endInput(): void;
}

/** Default token of the lab's loaders: they print none, because their standard error is not a terminal. */
export const LAB_TOKEN = 'a-token-of-the-lab-0123456789';
export const LAB_ADMIN_TOKEN = 'a-token-of-the-lab-to-change-rules-0123456789';
const TOKENS = { PACKETLOG_TOKEN: LAB_TOKEN, PACKETLOG_ADMIN_TOKEN: LAB_ADMIN_TOKEN };

export interface PacketlogOptions {
  readonly args?: readonly string[];
  /** Undefined: not set, not even to the preset. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Node's own options. */
  readonly nodeOptions?: readonly string[];
}

/**
 * Starts the real command in a namespace of the lab: name the interface in `args`. Presets: no pins; a private state
 * directory, removed with it; native mode, because generic mode sees frames that the kernel has merged, and sums would
 * differ from those of `ip -s link`. A test that needs pins sets PACKETLOG_PIN, and PACKETLOG_BPFFS to a PinPlace; one
 * that keeps its rules sets PACKETLOG_STATE_DIR; one for another mode passes `--mode`.
 */
export function startPacketlog(namespace: Namespace, options: PacketlogOptions = {}): LabProcess {
  const { args = [], env = {}, nodeOptions = [] } = options;
  const state = env['PACKETLOG_STATE_DIR'] === undefined ? newStateDirectory() : undefined;
  const preset = {
    PACKETLOG_PIN: 'never',
    ...TOKENS,
    PACKETLOG_MODE: 'native',
    ...(state === undefined ? {} : { PACKETLOG_STATE_DIR: state }),
  };
  const command = [...nodeOptions, PACKETLOG, ...args];
  const packetlog = startProcess(namespace, process.execPath, command, { ...preset, ...env });
  if (state !== undefined) void packetlog.exited.then(() => removeStateDirectory(state));
  return packetlog;
}

/** Like startPacketlog, with standard input from the test. */
export function startPacketlogWithInput(namespace: Namespace, { args = [], env = {} }: PacketlogOptions): FedProcess {
  const child = namespace.spawn(process.execPath, [PACKETLOG, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', PACKETLOG_PIN: 'never', ...TOKENS, ...env },
  });
  // A command that rejects its arguments ends without reading.
  child.stdin?.on('error', () => {});
  return Object.assign(watch(child, ['packetlog', ...args].join(' ')), {
    write: (text: string) => new Promise<void>((resolve) => child.stdin?.write(text, () => resolve())),
    endInput: () => void child.stdin?.end(),
  });
}

const stateDirectories = new Set<string>();
let exitHook = false;

function newStateDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'packetlog-state-'));
  stateDirectories.add(path);
  // For a test process that ends before its loaders have.
  if (!exitHook) process.once('exit', () => [...stateDirectories].forEach(removeStateDirectory));
  exitHook = true;
  return path;
}

function removeStateDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
  stateDirectories.delete(path);
}

/**
 * Starts the process in a separate session, as a service manager does: tests must not depend on a terminal, and only
 * the tests handle its Ctrl-C. Disposing the namespace kills what is left.
 */
export function startProcess(
  namespace: Namespace,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): LabProcess {
  const child = namespace.spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  return watch(child, [file, ...args].join(' '));
}

function watch(child: ChildProcess, command: string): LabProcess {
  const printed = { stdout: '', stderr: '' };
  let exit: Exit | undefined;
  const observers = new Set<() => void>();
  const changed = () => {
    for (const observer of [...observers]) observer();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
      changed();
    });
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      printed.stderr += `${error.message}\n`;
      resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  void exited.then((how) => {
    exit = how;
    changed();
  });

  const failure = (why: string) =>
    new Error(`${command}\n${why}\n--- stdout\n${tail(printed.stdout)}\n--- stderr\n${tail(printed.stderr)}`);

  const lab: LabProcess = {
    pid: child.pid ?? 0,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    exited,
    until: (check, what, deadlineMs = DEADLINE_MS) =>
      new Promise((resolve, reject) => {
        const done = (settle: () => void) => {
          clearTimeout(timer);
          observers.delete(look);
          settle();
        };
        const look = () => {
          if (check(lab)) done(resolve);
          else if (exit) done(() => reject(failure(`ended (${describe(exit)}) before ${what}`)));
        };
        const timer = setTimeout(
          () => done(() => reject(failure(`after ${deadlineMs} ms still no ${what}`))),
          deadlineMs,
        );
        observers.add(look);
        look();
      }),
    untilPrinted: async (pattern, deadlineMs) => {
      const find = () => pattern.exec(printed.stderr) ?? pattern.exec(printed.stdout);
      await lab.until(() => find() !== null, `output like ${pattern}`, deadlineMs);
      return find() as RegExpExecArray;
    },
    end: async (signal = 'SIGTERM', deadlineMs = DEADLINE_MS) => {
      child.kill(signal);
      await lab.until(() => exit !== undefined, `end after ${signal}`, deadlineMs);
      return exited;
    },
    dispose: async () => {
      // Do not wait for the end of the output: a grandchild may keep it open until the namespace is disposed.
      const gone = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      if (!gone && child.kill('SIGKILL')) await once(child, 'exit');
    },
    [Symbol.asyncDispose]: () => lab.dispose(),
  };
  return lab;
}

const describe = ({ code, signal }: Exit | { code: null; signal: null } = { code: null, signal: null }) =>
  signal ? `by ${signal}` : `exit code ${code}`;

/** Shows the last lines, where the error is. */
const tail = (text: string) => text.split('\n').slice(-60).join('\n');
