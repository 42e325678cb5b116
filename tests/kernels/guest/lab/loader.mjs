// @ts-check
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Process } from './process.mjs';
import { until } from './until.mjs';

export const PACKETLOG = fileURLToPath(new URL('../../../../packages/loader/bin/packetlog', import.meta.url));

/**
 * @typedef {object} LoaderOptions
 * @property {readonly string[]} [before] words in front of the command, such as setpriv and its options
 * @property {string} [listen] value of `--listen`, `off` by default
 * @property {Record<string, string>} [environment]
 */

/** The built `packetlog run` in a namespace. Its state directory outlives it, for the next loader. */
export class Loader extends Process {
  #state;

  /**
   * @param {import('./namespace.mjs').Namespace} namespace
   * @param {LoaderOptions & { args: readonly string[], state: string }} options
   */
  constructor(namespace, { args, state, before = [], listen = 'off', environment = {} }) {
    const command = namespace.inside([...before, PACKETLOG, ...args, '--listen', listen]);
    super(command, { PACKETLOG_STATE_DIR: state, ...environment });
    this.#state = state;
  }

  /** Waits until the loader watches packets. Returns false if it ended first. */
  async isReady() {
    await until(() => this.exit !== undefined || this.err.includes('Waiting for Ctrl-C'), 'packetlog is ready');
    return this.exit === undefined;
  }

  /** Waits until the loader watches packets. Throws an error with its standard error if it ended first. */
  async ready() {
    if (!(await this.isReady())) throw new Error(`packetlog ended with ${this.exit}: ${this.err}`);
    return this;
  }

  /**
   * Sends a request over the control socket, as `packetlog rules` does, but without the time to start a command.
   * @param {string} verb @param {object} [body]
   * @returns {Promise<any>} throws if the request is rejected
   */
  async ask(verb, body = {}) {
    return this.#post('rules', verb, body);
  }

  /** The same for `packetlog bans`. @param {string} verb @param {object} [body] @returns {Promise<any>} */
  async bans(verb, body = {}) {
    return this.#post('bans', verb, body);
  }

  /** @param {string} about @param {string} verb @param {object} body @returns {Promise<any>} */
  async #post(about, verb, body) {
    const answer = await post(join(this.#state, 'control.sock'), `/${about}/${verb}`, JSON.stringify(body));
    if (!answer.ok) throw new Error(`${about} ${verb} ${JSON.stringify(body)}: ${answer.error.message}`);
    return answer.value;
  }

  /** @param {object} rule @param {boolean} [force] @returns {Promise<number>} its id */
  async add(rule, force = false) {
    return (await this.ask('add', { rule, force })).rule.id;
  }

  /** Returns the packets that a rule decided on, as packetlog counts them. @param {number} id @returns {Promise<number>} */
  async hits(id) {
    const { rules } = await this.ask('list');
    return rules.find((/** @type {{ id: number }} */ rule) => rule.id === id)?.packets ?? -1;
  }
}

/** @param {string} socketPath @param {string} path @param {string} body @returns {Promise<any>} */
function post(socketPath, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
