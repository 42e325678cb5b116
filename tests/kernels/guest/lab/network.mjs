// @ts-check
import { ip, Namespace } from './namespace.mjs';
import { until } from './until.mjs';

const QUIET_IPV6 = ['addr_gen_mode=1', 'accept_dad=0', 'accept_ra=0', 'autoconf=0', 'router_solicitations=0'];
/** Host part of an address that no case may deny: once its datagram has passed, all earlier ones have been handled. */
const CONTROL = 250;
const CONTROL_PORT = 7;
const SOURCE_PORT = 40_001;

/**
 * A client and a server, connected by one or two cables. These carry only what the case sends: neighbours are static,
 * and IPv6 is off or silent.
 *
 * ```
 * client peer0 10.77.0.1, 2001:db8:0::1 ═══ watched0 10.77.0.2, 2001:db8:0::2 server
 *        peer1 10.77.1.1, 2001:db8:1::1 ═══ watched1 10.77.1.2, 2001:db8:1::2
 * ```
 * Sources differ in the host part: `address(0, 17)` and `addSources(0, [17])`.
 */
export class Network {
  /** @param {Namespace} client @param {Namespace} server */
  constructor(client, server) {
    this.client = client;
    this.server = server;
  }

  /** @param {{ links?: number, ipv6?: boolean }} [options] */
  static async make({ links = 1, ipv6 = false } = {}) {
    const off = ['net/ipv6/conf/all/disable_ipv6=1', 'net/ipv6/conf/default/disable_ipv6=1'];
    const sysctls = ipv6 ? QUIET_IPV6.map((each) => `net/ipv6/conf/default/${each}`) : off;
    const network = new Network(await Namespace.make('client', sysctls), await Namespace.make('server', sysctls));
    for (let link = 0; link < links; link++) {
      const ends = ['netns', 'client', 'type', 'veth', 'peer', 'name', deviceOf(link), 'netns', 'server'];
      await ip('link', 'add', `peer${link}`, ...ends);
      for (const [each, name, host] of /** @type {const} */ ([
        [network.client, `peer${link}`, 1],
        [network.server, deviceOf(link), 2],
      ])) {
        await each.ip('link', 'set', name, 'address', macOf(link, host));
        await each.ip('address', 'add', `${address(link, host)}/24`, 'dev', name);
        if (ipv6) await each.ip('address', 'add', `${address6(link, host)}/64`, 'dev', name, 'nodad');
        await each.ip('link', 'set', name, 'up');
        for (const other of [address(link, 3 - host), ...(ipv6 ? [address6(link, 3 - host)] : [])]) {
          await each.ip('neighbour', 'replace', other, 'lladdr', macOf(link, 3 - host), 'dev', name);
        }
      }
      await network.addSources(link, [CONTROL]);
    }
    await network.listen(CONTROL_PORT);
    return network;
  }

  /** Adds addresses to the client. @param {number} link @param {readonly number[]} hosts */
  async addSources(link, hosts) {
    for (const host of hosts) await this.client.ip('address', 'add', `${address(link, host)}/24`, 'dev', `peer${link}`);
  }

  /** Like `addSources`, for IPv6. @param {number} link @param {readonly number[]} hosts */
  async addSources6(link, hosts) {
    for (const host of hosts) {
      await this.client.ip('address', 'add', `${address6(link, host)}/64`, 'dev', `peer${link}`, 'nodad');
    }
  }

  /** Opens a socket of the server for datagrams to this port, on all addresses. @param {number} port @param {'::' | '0.0.0.0'} [any] */
  listen(port, any = '0.0.0.0') {
    return this.server.ask('listenUdp', { address: any, port });
  }

  /** Returns the packets that arrived at a device of the server, passed or not. @param {string} device */
  arrived(device) {
    return this.server.arrived(device);
  }

  /** @param {number} port @returns {Promise<number>} */
  async received(port) {
    return (await this.server.ask('udpReceived', port)).received;
  }

  /**
   * Sends datagrams from one source to a port that the server listens on, waits until all have been handled, and
   * returns how many of them the server's socket received.
   * @param {{ from: string, to: string, port: number, count?: number, link?: number, payloadBytes?: number }} probe
   * @returns {Promise<number>}
   */
  async passed({ from, to, port, count = 8, link = 0, payloadBytes = 32 }) {
    const before = await this.received(port);
    const arrived = this.arrived(deviceOf(link));
    const send = { from, address: to, ports: [port], sourcePorts: [SOURCE_PORT], count, payloadBytes };
    const { sent, errors } = await this.client.ask('sendUdp', send);
    if (sent !== count) throw new Error(`${sent} of ${count} sent from ${from} to ${to}: ${JSON.stringify(errors)}`);
    await until(() => this.arrived(deviceOf(link)) >= arrived + count, 'all packets arrived');
    await this.#control(link);
    return (await this.received(port)) - before;
  }

  /** @param {number} link */
  async #control(link) {
    const before = await this.received(CONTROL_PORT);
    const from = address(link, CONTROL);
    const ports = { ports: [CONTROL_PORT], sourcePorts: [SOURCE_PORT] };
    await this.client.ask('sendUdp', { from, address: address(link, 2), ...ports, count: 1, payloadBytes: 32 });
    await until(async () => (await this.received(CONTROL_PORT)) > before, 'the control datagram passed');
  }

  async remove() {
    await this.client.remove();
    await this.server.remove();
  }
}

/** @param {number} link */
export const deviceOf = (link) => `watched${link}`;

/** @param {number} link @param {number} host 1: the client, 2: the server */
export const address = (link, host) => `10.77.${link}.${host}`;

/** @param {number} link @param {number} host */
export const address6 = (link, host) => `2001:db8:${link}::${host}`;

/** The rule that permits the control datagrams. */
export const CONTROL_RULE = {
  action: 'permit',
  source: `10.77.0.0/16`,
  protocol: 'udp',
  destination_port: CONTROL_PORT,
};

/** @param {number} link @param {number} host */
const macOf = (link, host) => `02:00:00:00:0${link}:0${host}`;
