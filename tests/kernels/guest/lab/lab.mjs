// @ts-check
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.mjs';
import { Loader, PACKETLOG } from './loader.mjs';
import { Network } from './network.mjs';
import { Process } from './process.mjs';

const CLIENT = fileURLToPath(new URL('./client.mjs', import.meta.url));

/** The network and loaders of a case. They are removed when the case ends, even if it fails. */
export class Lab {
  #report;
  /** @type {Network | undefined} */
  #network;
  /** @type {import('./process.mjs').Process[]} */
  #processes = [];
  /** @type {Child[]} */
  #children = [];

  /** @param {import('./report.mjs').Report} report @param {{ addresses: number }} settings */
  constructor(report, { addresses }) {
    this.#report = report;
    /** Number of networks in the large set. */
    this.addresses = addresses;
    /** Where packetlog keeps rules; the same for all loaders of a case. */
    this.state = mkdtempSync(join(tmpdir(), 'state-'));
  }

  /** See Report.check. @param {string} promise @param {string} what @param {unknown} is @param {unknown} should */
  check(promise, what, is, should) {
    this.#report.check(promise, what, is, should);
  }

  /** See Report.absent. @param {string} promise @param {string} what */
  absent(promise, what) {
    this.#report.absent(promise, what);
  }

  /** See Report.facts. @param {string} promise @param {object} facts */
  facts(promise, facts) {
    this.#report.facts(promise, facts);
  }

  /** Creates the network; one at a time. @param {Parameters<typeof Network.make>[0]} [options] */
  async network(options) {
    this.#network = await Network.make(options);
    return this.#network;
  }

  /**
   * Returns the seconds that this number of probes (`Network.passed`) takes on this machine at its current speed, plus
   * 5: long enough for the checks of a case.
   * @param {() => Promise<unknown>} probe @param {number} times
   */
  async secondsFor(probe, times) {
    await probe();
    const started = performance.now();
    await probe();
    return 5 + Math.ceil((times * (performance.now() - started)) / 1000);
  }

  /**
   * Starts a loader in the server's namespace. Await its `ready()`.
   * @param {readonly string[]} args @param {import('./loader.mjs').LoaderOptions & { state?: string }} [options]
   */
  packetlog(args, options = {}) {
    if (!this.#network) throw new Error('make a network first');
    const loader = new Loader(this.#network.server, { args, state: this.state, ...options });
    this.#processes.push(loader);
    return loader;
  }

  /** Starts another process in the server's namespace. @param {readonly string[]} command @param {Record<string, string>} [environment] */
  process(command, environment) {
    if (!this.#network) throw new Error('make a network first');
    const started = new Process(this.#network.server.inside(command), environment);
    this.#processes.push(started);
    return started;
  }

  /** Starts a client of the loader in the server's namespace: client.mjs. */
  client() {
    if (!this.#network) throw new Error('make a network first');
    const client = new Child(this.#network.server.inside([process.execPath, CLIENT]), 'the client');
    this.#children.push(client);
    return client;
  }

  /**
   * Runs another command of packetlog in the server's namespace, such as `rules list`, and returns its output and exit code.
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

  /** Ends all that was started, and reports its output. */
  async endProcesses() {
    for (const child of this.#children.splice(0)) await child.end();
    for (const each of this.#processes.splice(0)) {
      await each.end('SIGKILL');
      this.#report.notes(each.err.split('\n').filter(Boolean));
    }
  }

  async end() {
    await this.endProcesses();
    if (!this.#network) return;
    if (readdirSync('/sys/fs/bpf').some((name) => name.startsWith('packetlog'))) await this.command('unload');
    await this.#network.remove();
  }
}
