/**
 * The history of a fleet from the packet to the row: three loaders on a real kernel, two hubs that share their state in
 * NATS, and two ClickHouse servers as a cluster. Each process is killed in turn; afterwards each packet that was sent is one
 * row. Needs root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetHistory, ShipLedger } from '@packetlog/common/fleet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLUSTER, type ClickHouse, freePort, startClickHouses } from '../lab/clickhouse.ts';
import { run } from '../lab/command.ts';
import { type NatsServer, startNatsServer } from '../lab/nats-server.ts';
import { createNetwork, type Network } from '../lab/network.ts';
import { PACKETLOG } from '../lab/process.ts';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const NODES = ['web1', 'web2', 'db1'];
const BURST = 400;

/** A packetlog command on this machine's loopback, which can be killed and started again. */
class Command {
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  printed = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#args = args;
    this.#env = env;
  }

  async start(ready: RegExp): Promise<void> {
    const from = this.printed.length;
    const child = spawn(process.execPath, [PACKETLOG, ...this.#args], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text;
      });
    }
    await until(() => ready.test(this.printed.slice(from)) || child.exitCode !== null, {
      what: `${this.#args[0]} to be ready`,
      evidence: () => this.printed,
    });
    if (child.exitCode !== null) throw new Error(this.printed);
  }

  async end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

class Node {
  readonly name: string;
  readonly state: string;
  readonly command: Command;
  sent = 0;

  constructor(
    name: string,
    directory: string,
    link: number,
    server: string,
    port: number,
    hubs: readonly string[],
    token: string,
  ) {
    this.name = name;
    this.state = join(directory, name);
    mkdirSync(this.state);
    this.command = new Command(
      [
        ...['run', '--netns', server, '--iface', `server${link}`, '--mode', 'native', '--print', 'none', '--ui', 'off'],
        ...['--sample', 'off', '--listen', `127.0.0.1:${port}`, '--record', 'on', '--node-name', name],
        ...hubs.flatMap((hub) => ['--hub', hub]),
      ],
      { PACKETLOG_STATE_DIR: this.state, PACKETLOG_PIN: 'never', PACKETLOG_HUB_TOKEN: token },
    );
  }

  start(): Promise<void> {
    return this.command.start(/Waiting for Ctrl-C/);
  }

  async ship(): Promise<ShipLedger> {
    const text = await run('env', [
      `PACKETLOG_STATE_DIR=${this.state}`,
      process.execPath,
      PACKETLOG,
      'status',
      '--json',
    ]);
    return (JSON.parse(text) as { ship: ShipLedger }).ship;
  }

  /** On the disk. */
  recorded(): number {
    return recordsIn(join(this.state, 'record'));
  }
}

class Hub {
  readonly name: string;
  readonly url: string;
  readonly socket: string;
  readonly command: Command;

  constructor(name: string, directory: string, port: number, state: string, servers: readonly ClickHouse[]) {
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.socket = join(directory, `${name}.sock`);
    this.command = new Command([
      ...['hub', '--listen', `127.0.0.1:${port}`, '--state', state, '--socket', this.socket, '--ui', 'off'],
      ...servers.flatMap((server) => ['--clickhouse', new URL(server.url).origin]),
      ...['--clickhouse-cluster', CLUSTER, '--history', 'all', '--spool', join(directory, `${name}-spool`)],
    ]);
  }

  start(): Promise<void> {
    return this.command.start(/Waiting for Ctrl-C/);
  }

  async history(): Promise<FleetHistory> {
    const args = ['hub', 'history', '--json', '--socket', this.socket];
    return JSON.parse(await run(process.execPath, [PACKETLOG, ...args])) as FleetHistory;
  }
}

describe.skipIf(!requireRoot())('the history of a fleet', () => {
  let servers: ClickHouse[] = [];
  let network: Network;
  let directory = '';
  let state = '';
  let nats: NatsServer;
  const hubs: Hub[] = [];
  let nodes: Node[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-history-'));
    // The core is not root.
    chmodSync(directory, 0o755);
    servers = await startClickHouses(2);
    network = await createNetwork({ links: NODES.length, ipv6: false });
    nats = await startNatsServer();
    state = `${nats.url}?bucket=${randomUUID()}`;
    for (const name of ['hub1', 'hub2']) {
      hubs.push(new Hub(name, directory, await freePort(), state, servers));
    }
    // One after the other: the first makes the hubs' key.
    for (const hub of hubs) await hub.start();
    const args = ['hub', 'join-token', '--state', state, '--uses', String(NODES.length)];
    const token = (await run(process.execPath, [PACKETLOG, ...args])).trim();
    const urls = hubs.map(({ url }) => url);
    for (const [i, name] of NODES.entries()) {
      nodes.push(new Node(name, directory, i, network.server.name, await freePort(), urls, token));
    }
    await Promise.all(nodes.map((node) => node.start()));
  });
  afterAll(async () => {
    await Promise.all(nodes.map(({ command }) => command.end('SIGINT')));
    await Promise.all(hubs.map(({ command }) => command.end('SIGINT')));
    await nats?.close();
    await network?.dispose();
    await Promise.all(servers.map((server) => server.close()));
    rmSync(directory, { recursive: true, force: true });
    nodes = [];
  });

  const everything = () => [...hubs, ...nodes].map(({ command }) => command.printed).join('\n');

  /** Sends to each node, and waits until its recorder has written what came. */
  async function send(): Promise<void> {
    for (const [i, node] of nodes.entries()) {
      const address = network.links[i]?.server.ipv4 as string;
      node.sent += (await sendUdp(network.client, { address, count: BURST, sourcePorts: [5000 + i] })).sent;
    }
    for (const node of nodes) {
      await until(() => node.recorded() === node.sent, {
        what: `${node.sent} packets on the disk of ${node.name}`,
        evidence: () => `${node.recorded()}\n${node.command.printed}`,
      });
    }
  }

  const rows = async (sql: string) => (await (servers[0] as ClickHouse).text(sql)).split('\n');

  /** Waits until everything is in ClickHouse, and compares all sums. */
  async function expectAll(): Promise<void> {
    for (const node of nodes) {
      let ship: ShipLedger | undefined;
      await until(
        async () => {
          ship = await node.ship().catch(() => undefined);
          return ship?.acked === node.sent;
        },
        {
          what: `the hub to have the packets of ${node.name}`,
          evidence: () => `${JSON.stringify(ship)}\n${everything()}`,
        },
      );
      expect(ship).toEqual({ offered: node.sent, acked: node.sent, pending: 0, expired: 0 });
    }
    for (const hub of hubs) {
      const what = `the spool of ${hub.name} to be empty`;
      await until(async () => (await hub.history()).spool_blocks === 0, { what, evidence: everything });
      expect((await hub.history()).possibly_duplicated_rows).toBe(0);
    }
    const sorted = nodes.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const wanted = sorted.map(({ name, sent }) => `${name}\t${sent}\t${sent}`);
    const [from, to] = ['packetlog.packets', 'packetlog.minutes'];
    expect(await rows(`SELECT node, count(), sum(weight) FROM ${from} GROUP BY node ORDER BY node FORMAT TSV`)).toEqual(
      wanted,
    );
    expect(
      await rows(`SELECT node, sum(records), sum(packets) FROM ${to} GROUP BY node ORDER BY node FORMAT TSV`),
    ).toEqual(wanted);
  }

  test('has each packet as one row', async () => {
    await send();
    await expectAll();
  });

  test('has each packet as one row after each process was killed in turn, while blocks were on their way', async () => {
    for (const node of nodes) {
      await send();
      await node.command.end('SIGKILL');
      await node.start();
    }
    await expectAll();
    for (const server of servers) {
      await send();
      await server.kill();
      await send();
      await server.start();
    }
    for (const hub of hubs) {
      await send();
      await hub.command.end('SIGKILL');
      await send();
      await hub.start();
    }
    await send();
    await nats.stop('SIGKILL');
    await send();
    await nats.start();
    await expectAll();
  });

  test('is asked with packetlog query --hub', async () => {
    const [hub] = hubs as [Hub];
    const args = ['hub', 'people', 'add', 'ann', '--role', 'look', '--state', state, '--socket', hub.socket];
    const token = (await run(process.execPath, [PACKETLOG, ...args])).trim();
    const file = join(directory, 'token');
    writeFileSync(file, token);
    const query = (...more: string[]) =>
      run(process.execPath, [PACKETLOG, 'query', '--hub', hub.url, '--token-file', file, '--from', '-1h', ...more]);
    const sum = nodes.reduce((total, { sent }) => total + sent, 0);
    expect(await query('--count')).toBe(`${sum}\n`);
    const [first] = nodes as [Node];
    expect(await query('--count', '--nodes', first.name, 'udp src port 5000')).toBe(`${first.sent}\n`);
    expect(await query('--count', '--nodes', first.name, 'src port 5001')).toBe('0\n');
    const top = (await query('--top', 'source', '--print', 'json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(top.reduce((total, { packets }: { packets: number }) => total + packets, 0)).toBe(sum);
    const rows = (await query('--limit', '7', '--print', 'json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(7);
    const minutes = (await query('--by', 'minute', '--print', 'json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(minutes.reduce((total, { packets }: { packets: number }) => total + packets, 0)).toBe(sum);
  });
});
