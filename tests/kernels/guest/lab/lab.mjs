// @ts-check
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Loader, PACKETLOG } from './loader.mjs';
import { Network } from './network.mjs';

/** What a case works with. What it made goes when the case ends, also when it fails. */
export class Lab {
  #report;
  /** @type {Network | undefined} */
  #network;
  /** @type {Loader[]} */
  #loaders = [];

  /** @param {import('./report.mjs').Report} report @param {{ addresses: number }} settings */
  constructor(report, { addresses }) {
    this.#report = report;
    /** How many networks the large set has. */
    this.addresses = addresses;
    /** Where packetlog keeps rules; the same for all loaders of a case. */
    this.state = mkdtempSync(join(tmpdir(), 'state-'));
  }

  /** See Report.check. @param {string} promise @param {string} what @param {unknown} is @param {unknown} should */
  check(promise, what, is, should) {
    this.#report.check(promise, what, is, should);
  }

  /** See Report.facts. @param {string} promise @param {object} facts */
  facts(promise, facts) {
    this.#report.facts(promise, facts);
  }

  /** One at a time. @param {Parameters<typeof Network.make>[0]} [options] */
  async network(options) {
    this.#network = await Network.make(options);
    return this.#network;
  }

  /**
   * Seconds that hold so many probes (`Network.passed`) on this machine as it is now, emulated or busy, and 5 at least. For
   * what is to be tried before a time is over.
   * @param {() => Promise<unknown>} probe @param {number} times
   */
  async secondsFor(probe, times) {
    await probe();
    const started = performance.now();
    await probe();
    return 5 + Math.ceil((times * (performance.now() - started)) / 1000);
  }

  /**
   * A loader in the server's namespace. Await its `ready()`.
   * @param {readonly string[]} args @param {{ before?: readonly string[], state?: string }} [options]
   */
  packetlog(args, options = {}) {
    if (!this.#network) throw new Error('make a network first');
    const loader = new Loader(this.#network.server, { args, state: this.state, ...options });
    this.#loaders.push(loader);
    return loader;
  }

  /**
   * Another command of packetlog in the server's namespace, such as `rules list`: what it said, and its exit code.
   * @param {readonly string[]} args
   * @returns {Promise<{ code: number, out: string, err: string }>}
   */
  command(...args) {
    if (!this.#network) throw new Error('make a network first');
    const [file = '', ...rest] = this.#network.server.inside([PACKETLOG, ...args]);
    const env = { ...process.env, NO_COLOR: '1', SSH_CONNECTION: '', PACKETLOG_STATE_DIR: this.state };
    return new Promise((resolve) => {
      execFile(file, rest, { env }, (error, out, err) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
      });
    });
  }

  async end() {
    for (const loader of this.#loaders) {
      await loader.end('SIGKILL');
      this.#report.notes(loader.err.split('\n').filter(Boolean));
    }
    if (!this.#network) return;
    if (readdirSync('/sys/fs/bpf').some((name) => name.startsWith('packetlog'))) await this.command('unload');
    await this.#network.remove();
  }
}
