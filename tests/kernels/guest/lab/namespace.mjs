// @ts-check
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Child } from './child.mjs';

export const AGENT = fileURLToPath(new URL('../../../lab/agent/agent.mjs', import.meta.url));
const execute = promisify(execFile);

/** @param {readonly string[]} args */
export async function ip(...args) {
  return (await execute('ip', args)).stdout;
}

/** A network namespace with a process inside that sends and receives (tests/lab/agent). */
export class Namespace {
  /** @type {Child | undefined} */
  #agent;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** @param {string} name @param {readonly string[]} sysctls `net/…=value` */
  static async make(name, sysctls) {
    await ip('netns', 'add', name);
    const namespace = new Namespace(name);
    const settings = sysctls.map((each) => each.replace(/^/, '/proc/sys/').split('='));
    const script = settings.map(([path, value]) => `echo ${value} >${path}`).join('; ');
    await namespace.run('sh', '-c', script);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    return namespace;
  }

  /** Returns the command line that runs `command` inside. @param {readonly string[]} command */
  inside(command) {
    return ['ip', 'netns', 'exec', this.name, ...command];
  }

  /** Runs a command inside and returns its standard output; throws if it fails. @param {readonly string[]} command */
  async run(...command) {
    const [file = '', ...args] = this.inside(command);
    return (await execute(file, args)).stdout;
  }

  /** Runs `ip` for this namespace. @param {readonly string[]} args */
  ip(...args) {
    return ip('-n', this.name, ...args);
  }

  /**
   * Calls a method of the agent, tests/lab/agent/agent.mjs.
   * @param {string} method @param {unknown} [argument]
   * @returns {Promise<any>}
   */
  ask(method, argument) {
    this.#agent ??= new Child(this.inside([process.execPath, AGENT]), `the agent in ${this.name}`);
    return this.#agent.ask(method, argument);
  }

  /** Returns the packets that a device here has received. The agent must have answered before. @param {string} device */
  arrived(device) {
    if (this.#agent === undefined) throw new Error('ask the agent first');
    // Without a process of its own, as `ip` is: that takes long in an emulated machine.
    const devices = readFileSync(`/proc/${this.#agent.pid}/net/dev`, 'utf8');
    const packets = new RegExp(`^ *${device}: *\\d+ +(\\d+)`, 'm').exec(devices)?.[1];
    if (packets === undefined) throw new Error(`no device ${device} in ${this.name}`);
    return Number(packets);
  }

  async remove() {
    await this.#agent?.end();
    await ip('netns', 'delete', this.name);
  }
}
