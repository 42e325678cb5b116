// @ts-check
import { spawn } from 'node:child_process';
import { until } from './until.mjs';

/** A process in a namespace, with its output. */
export class Process {
  out = '';
  err = '';
  /** @type {number | string | undefined} */
  exit;
  #child;

  /** @param {readonly string[]} command @param {Record<string, string>} [environment] in addition to this process's */
  constructor(command, environment = {}) {
    const [file = '', ...args] = command;
    const env = { ...process.env, NO_COLOR: '1', SSH_CONNECTION: '', ...environment };
    this.#child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    for (const stream of /** @type {const} */ (['out', 'err'])) {
      this.#child[`std${stream}`].setEncoding('utf8').on('data', (text) => {
        this[stream] += text;
      });
    }
    this.#child.on('close', (code, signal) => {
      this.exit = code ?? signal ?? undefined;
    });
  }

  /** The commands of this lab replace themselves (execve), so it is the pid of the last one. */
  get pid() {
    if (this.#child.pid === undefined) throw new Error('the process could not be started');
    return this.#child.pid;
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.#child.kill(name);
  }

  /** Resolves with the exit code, or with the signal that ended it. @param {NodeJS.Signals} [signal] */
  async end(signal = 'SIGINT') {
    if (this.exit === undefined) this.signal(signal);
    await until(() => this.exit !== undefined, `the process ends after ${signal}`);
    return this.exit;
  }
}
