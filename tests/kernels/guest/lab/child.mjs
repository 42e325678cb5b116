// @ts-check
import { spawn } from 'node:child_process';

/** A process that answers requests over its IPC channel: `{ id, method, argument }` by `{ id, value }` or `{ id, error }`. */
export class Child {
  #process;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #lastId = 0;

  /** @param {readonly string[]} command @param {string} what name in error messages */
  constructor(command, what) {
    const [file = '', ...args] = command;
    this.#process = spawn(file, args, { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced' });
    this.#process.on('message', (/** @type {any} */ { id, value, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(`${what}: ${error}`));
    });
    this.#process.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${what} ended`));
      this.#waiting.clear();
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** @param {string} method @param {unknown} [argument] @returns {Promise<any>} */
  ask(method, argument) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, method, argument });
    });
  }

  /** Closes the channel, which ends the process. */
  async end() {
    if (!this.#process.connected) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await ended;
  }
}
