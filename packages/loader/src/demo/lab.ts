/**
 * A small network in separate namespaces: no interface of this machine is touched, no packet leaves it.
 *
 * ```
 *  web   dns   ping  scan        one namespace each, addresses of the documentation ranges
 *    \    |     |    /
 *     bridge in "switch" ─── eth0 in "server": watched
 * ```
 */
import { readdirSync } from 'node:fs';
import { ip } from './commands.ts';

const PREFIX = 'packetlog-demo-';
const NAMESPACES = '/run/netns';

export interface Host {
  name: string;
  ipv4: string;
  ipv6: string;
}

export const SERVER: Host = { name: 'server', ipv4: '192.0.2.10', ipv6: '2001:db8::10' };
export const CLIENTS: readonly Host[] = [
  { name: 'web', ipv4: '192.0.2.21', ipv6: '2001:db8::21' },
  { name: 'dns', ipv4: '198.51.100.53', ipv6: '2001:db8::53' },
  { name: 'ping', ipv4: '198.51.100.7', ipv6: '2001:db8::7' },
  { name: 'scan', ipv4: '203.0.113.66', ipv6: '2001:db8::66' },
];

export class DemoLab {
  readonly #id: string;
  readonly #created: string[] = [];

  private constructor(id: string) {
    this.#id = id;
  }

  /** Creates the whole lab, or removes what it created and throws. */
  static async make(): Promise<DemoLab> {
    const lab = new DemoLab(String(process.pid));
    try {
      await lab.#makeAll();
      return lab;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  /** Returns the name of a host's network namespace. */
  namespace(host: string): string {
    return `${PREFIX}${this.#id}-${host}`;
  }

  async remove(): Promise<void> {
    // Deleting a namespace also removes everything in it and the other end of its veth.
    for (const name of this.#created.splice(0)) await ip(`netns del ${name}`).catch(() => {});
  }

  async #makeAll(): Promise<void> {
    const hub = await this.#namespace('switch');
    await ip(`-n ${hub} link add bridge type bridge mcast_snooping 0`);
    await ip(`-n ${hub} link set bridge up`);
    for (const [index, host] of [SERVER, ...CLIENTS].entries()) await this.#host(host, hub, `port${index}`);
    for (const { ipv4 } of CLIENTS) {
      const range = ipv4.replace(/\d+$/, '0/24');
      if (range !== '192.0.2.0/24') await ip(`-n ${this.namespace('server')} route replace ${range} dev eth0`);
    }
  }

  async #namespace(host: string): Promise<string> {
    const name = this.namespace(host);
    await ip(`netns add ${name}`);
    this.#created.push(name);
    await ip(`-n ${name} link set lo up`);
    return name;
  }

  async #host(host: Host, hub: string, port: string): Promise<void> {
    const name = await this.#namespace(host.name);
    await ip(`-n ${name} link add eth0 type veth peer name ${port} netns ${hub}`);
    await ip(`-n ${hub} link set ${port} master bridge up`);
    await ip(`-n ${name} addr add ${host.ipv4}/24 dev eth0`);
    await ip(`-n ${name} addr add ${host.ipv6}/64 dev eth0 nodad`);
    await ip(`-n ${name} link set eth0 up`);
    if (!host.ipv4.startsWith('192.0.2.')) await ip(`-n ${name} route replace 192.0.2.0/24 dev eth0`);
  }
}

/** Removes what killed demos left behind; namespaces of running demos stay. */
export async function removeStaleLabs(): Promise<void> {
  let names: string[] = [];
  try {
    names = readdirSync(NAMESPACES);
  } catch {
    return;
  }
  for (const name of names) {
    const [, pid] = /^packetlog-demo-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await ip(`netns del ${name}`).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
