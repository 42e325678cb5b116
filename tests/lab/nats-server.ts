/** Runs a real nats-server with JetStream on loopback, with a port, a configuration and directories of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from './program.ts';
import { until } from './until.ts';

export interface NatsServer {
  /** `nats://127.0.0.1:PORT`. */
  readonly url: string;
  readonly pid: number;
  /** Ends the process with this signal. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, with the same port and directory. */
  start(): Promise<void>;
  /** Ends the process and removes its directories. */
  close(): Promise<void>;
}

/** `settings`: more lines of its configuration. */
export async function startNatsServer(settings = ''): Promise<NatsServer> {
  // First: if it is missing, nothing must be left.
  const program = programPath('usr/sbin/nats-server');
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-nats-'));
  const server = new Server(program, directory, settings);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

class Server implements NatsServer {
  readonly #program: string;
  readonly #directory: string;
  readonly #settings: string;
  /** -1: a free one. */
  #port = -1;
  #process: ChildProcess | undefined;

  constructor(program: string, directory: string, settings: string) {
    this.#program = program;
    this.#directory = directory;
    this.#settings = settings;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const configuration = join(this.#directory, 'nats.conf');
    const log = join(this.#directory, 'nats.log');
    writeFileSync(
      configuration,
      `listen: "127.0.0.1:${this.#port}"\nlog_file: "${log}"\n` +
        `jetstream { store_dir: "${join(this.#directory, 'jetstream')}", max_file_store: 1GB }\n${this.#settings}\n`,
    );
    writeFileSync(log, '');
    const child = spawn(this.#program, ['--config', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
    let printed = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    this.#process = child;
    const readLog = () => readFileSync(log, 'utf8');
    await until(
      () => {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`nats-server ended at its start:\n${printed}${readLog()}`);
        return readLog().includes('Server is ready');
      },
      { what: 'nats-server to be ready', evidence: readLog },
    );
    this.#port = Number(/Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(readLog())?.[1]);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = Promise.race([once(child, 'exit'), once(child, 'error')]);
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true });
  }
}
