// @ts-check
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const AGENT = fileURLToPath(new URL('../../../lab/agent/agent.mjs', import.meta.url));
const execute = promisify(execFile);

/** @param {readonly string[]} args */
export async function ip(...args) {
  return (await execute('ip', args)).stdout;
}

/** A network namespace with a process inside that sends and receives (tests/lab/agent). */
export class Namespace {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #agent;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #lastId = 0;

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
  async ask(method, argument) {
    this.#agent ??= this.#start();
    const agent = this.#agent;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      agent.send({ id, method, argument });
    });
  }

  #start() {
    const [file = '', ...args] = this.inside([process.execPath, AGENT]);
    const agent = spawn(file, args, { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced' });
    agent.on('message', (/** @type {any} */ { id, value, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(`in ${this.name}: ${error}`));
    });
    agent.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the agent in ${this.name} ended`));
      this.#waiting.clear();
    });
    return agent;
  }

  async remove() {
    const agent = this.#agent;
    if (agent?.connected) {
      const ended = new Promise((resolve) => agent.once('exit', resolve));
      agent.disconnect();
      await ended;
    }
    await ip('netns', 'delete', this.name);
  }
}
