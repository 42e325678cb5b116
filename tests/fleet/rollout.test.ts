/**
 * Generations from a hub to three real nodes: each attaches to an interface of its own. Hub, nodes and NATS are in one
 * namespace, because plain http is only for loopback. Needs root.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetResults, Group, Rollout } from '@packetlog/common/fleet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeRulesPlace, type RulesPlace, rulesDone } from '../e2e/rules-command.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { untilArrived } from '../lab/arrival.ts';
import { type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { programPath } from '../lab/program.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp, type UdpReceiver } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const NODES = [0, 1, 2] as const;
const PROTECTED = '203.0.113.9';
/** Has the clients' addresses. Wider than /8: risky. */
const WIDE = '192.0.0.0/4';
/** Has no address of the lab, and is risky, too. */
const OTHERS = '128.0.0.0/4';

interface NodeState {
  readonly name: string;
  readonly rules?: {
    readonly generation?: { readonly number: number };
    readonly answer?: { readonly number: number; readonly state: string; readonly code?: string };
    readonly drift?: readonly string[];
  };
}

describe.skipIf(!requireRoot())('rules of a group', () => {
  const suite = eachWithNetwork({ links: 3, ipv6: false });
  let directory: string;
  let places: RulesPlace[];
  let receivers: UdpReceiver[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-fleet-'));
    places = NODES.map(() => makeRulesPlace());
    receivers = [];
    for (const { server } of suite.network.links) receivers.push(await receiveUdp(suite.network.server, server.ipv4));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
    for (const place of places) place.remove();
  });

  const hubArguments = (number = 0, state = join(directory, 'hub')) => [
    '--state',
    state,
    '--socket',
    join(directory, `hub${number}.sock`),
  ];

  async function startHub(port: number, number = 0, state?: string): Promise<LabProcess> {
    const args = ['hub', '--listen', `127.0.0.1:${port}`, '--ui', 'off', ...hubArguments(number, state)];
    const hub = suite.own(startPacketlog(suite.network.server, { args }));
    await hub.untilPrinted(/Waiting for Ctrl-C/);
    return hub;
  }

  /** Runs `packetlog hub …`; returns what it prints. Throws if it fails. */
  async function command(args: readonly string[], place = hubArguments()): Promise<string> {
    const run = suite.own(startPacketlog(suite.network.server, { args: ['hub', ...args, ...place] }));
    const { code } = await run.exited;
    if (code !== 0) throw new Error(`packetlog hub ${args.join(' ')}: exit code ${code}\n${run.stderr}`);
    return run.stdout;
  }

  async function startNodes(
    urls: readonly string[],
    token: string,
    more: readonly (readonly string[])[] = [],
  ): Promise<LabProcess[]> {
    const nodes = NODES.map((index) => {
      const args = [
        ...['run', '--iface', `server${index}`, '--print', 'none', '--listen', '127.0.0.1:0', '--ui', 'off'],
        ...urls.flatMap((url) => ['--hub', url]),
        ...['--hub-token', token, '--node-name', `web${index}`, ...(more[index] ?? [])],
      ];
      return suite.own(startPacketlog(suite.network.server, { args, env: places[index]?.env ?? {} }));
    });
    for (const node of nodes) await node.untilPrinted(/Waiting for Ctrl-C/);
    return nodes;
  }

  const nodesOf = async (place?: string[]) =>
    (JSON.parse(await command(['nodes', '--json'], place)) as { nodes: NodeState[] }).nodes;
  const untilNodes = (what: string, check: (nodes: NodeState[]) => boolean, place?: string[]) =>
    until(async () => check(await nodesOf(place)), { what });
  const untilJoined = (place?: string[]) =>
    untilNodes(
      'three nodes to report',
      (nodes) => nodes.filter(({ rules }) => rules !== undefined).length === 3,
      place,
    );

  async function rolloutOf(place?: string[]): Promise<Rollout | undefined> {
    const { groups } = JSON.parse(await command(['groups', '--json'], place)) as { groups: Group[] };
    return groups.find(({ name }) => name === 'web')?.rollout;
  }
  const untilRollout = (what: string, check: (rollout: Rollout) => boolean, place?: string[]) =>
    until(
      async () => {
        const rollout = await rolloutOf(place);
        return rollout !== undefined && check(rollout) && rollout;
      },
      { what },
    );

  async function apply(rules: readonly object[], more: readonly string[] = [], place?: string[]): Promise<void> {
    const file = join(directory, 'web.json');
    writeFileSync(file, JSON.stringify({ version: 1, rules }));
    await command(['rules', 'apply', file, '--group', 'web', ...more], place);
  }

  /** Asks the recorders of the group, until all packets are recorded. web2 has none. */
  async function untilDryRun(rule: string, expected: object): Promise<void> {
    await until(
      async () => {
        const printed = await command(['dry-run', '--group', 'web', '--add', rule, '--from', '-1h', '--json']);
        const { asked, answered, missing, sum } = JSON.parse(printed) as FleetResults['dry_run'];
        expect(missing).toEqual([{ node: 'web2', why: expect.any(String) }]);
        const found = { asked, answered, judged: sum.judged, denied: sum.denied.packets };
        return JSON.stringify(found) === JSON.stringify(expected);
      },
      { what: `a dry run of ${rule}` },
    );
  }

  /** Sends ten packets to each node; resolves with how many each receiver got. */
  async function passing(): Promise<number[]> {
    const counts: number[] = [];
    for (const [index, { server }] of suite.network.links.entries()) {
      const receiver = receivers[index] as UdpReceiver;
      const { received: before } = await receiver.received();
      const { rx } = await server.counters();
      await sendUdp(suite.network.client, { address: server.ipv4, count: 10, ports: [receiver.port] });
      await untilArrived(server, rx.packets + 10);
      const now = async () => (await receiver.received()).received - before;
      if ((await now()) > 0) await until(async () => (await now()) === 10, { what: 'ten packets at the receiver' });
      counts.push(await now());
    }
    return counts;
  }

  const denyClients = () =>
    suite.network.links.map(({ client }) => ({ action: 'deny', source: client.ipv4, reason: 'fleet' }));

  test('reach all nodes; the first that rejects them stops the rollout; drift is shown and repaired', async () => {
    await startHub(7412);
    const token = (await command(['join-token', '--for', '1h', '--uses', '3', '--group', 'web'])).trim();
    const record = ['--record', 'on'];
    const nodes = await startNodes(['http://127.0.0.1:7412'], token, [record, [...record, '--protect', PROTECTED]]);
    await untilJoined();
    expect(await passing()).toEqual([10, 10, 10]);
    const [first] = suite.network.links;
    await untilDryRun(`deny ${first?.client.ipv4}`, { asked: 3, answered: 2, judged: 20, denied: 10 });

    await apply(denyClients());
    await untilRollout('the rollout to be done', ({ state, in_force }) => state === 'done' && in_force === 3);
    expect(await passing()).toEqual([0, 0, 0]);

    // web0 is the first, then web1, which protects this address.
    await apply([{ action: 'deny', source: PROTECTED }]);
    const stopped = await untilRollout('the rollout to stop', ({ state }) => state === 'stopped');
    expect(stopped).toMatchObject({ number: 2, stage: 'few', in_force: 1, rejected: 1 });
    expect(stopped.why).toMatch(/^web1 rejected generation 2 \(lockout\)/);
    expect(await passing()).toEqual([10, 0, 0]);

    await rulesDone(suite.network.server, places[2] as RulesPlace, 'remove', '--group', 'web');
    const drifted = await until(async () => (await nodesOf()).find(({ rules }) => rules?.drift !== undefined), {
      what: 'drift to be shown',
    });
    expect(drifted.name).toBe('web2');
    expect(await passing()).toEqual([10, 0, 10]);
    await command(['repair', 'web2']);
    expect(await passing()).toEqual([10, 0, 0]);
    await untilNodes('no drift', (all) => all.every(({ rules }) => rules?.drift === undefined));
    for (const node of nodes) expect((await node.end()).code).toBe(0);
  });

  test('revert by the kernel’s clock when the hub is dead before it confirms them', async () => {
    const hub = await startHub(7412);
    const token = (await command(['join-token', '--for', '1h', '--uses', '3', '--group', 'web'])).trim();
    const within = ['--confirm-within', '20s'];
    await startNodes(['http://127.0.0.1:7412'], token, [within, within, within]);
    await untilJoined();
    // The generation waits for this change, which waits for a person: so the hub ends before it could confirm.
    const place = places[0] as RulesPlace;
    await rulesDone(suite.network.server, place, 'add', 'deny', OTHERS);
    await apply([{ action: 'deny', source: WIDE }]);
    await untilRollout('the generation to wait', ({ waiting }) => waiting === 1);
    await hub.end('SIGKILL');
    expect(await passing()).toEqual([10, 10, 10]);
    await rulesDone(suite.network.server, place, 'confirm');
    await until(async () => (await passing())[0] === 0, { what: 'the generation to be in force' });
    await until(async () => (await passing())[0] === 10, { what: 'the kernel to end it' });

    await startHub(7412);
    await untilRollout('the next hub to finish', ({ state, in_force }) => state === 'done' && in_force === 3);
    expect(await passing()).toEqual([0, 0, 0]);
  });

  test('go on to all nodes when one of two hubs is killed in the middle', async () => {
    const nats = suite.own(startNats());
    const url = await natsUrl(nats);
    const [first, second] = [hubArguments(1, url), hubArguments(2, url)];
    const killed = await startHub(7412, 1, url);
    await startHub(7413, 2, url);
    const token = (await command(['join-token', '--for', '1h', '--uses', '3', '--group', 'web'], second)).trim();
    await startNodes(['http://127.0.0.1:7412', 'http://127.0.0.1:7413'], token);
    await untilJoined(first);
    await untilJoined(second);

    // The rollout waits for web1, which waits for a person to confirm this change.
    await rulesDone(suite.network.server, places[1] as RulesPlace, 'add', 'deny', OTHERS);
    await apply(denyClients(), [], second);
    await untilRollout('web1 to wait', ({ in_force, waiting }) => in_force === 1 && waiting === 1, second);
    expect((await killed.end('SIGKILL')).signal).toBe('SIGKILL');
    await rulesDone(suite.network.server, places[1] as RulesPlace, 'confirm');
    await untilRollout('the other hub to finish', ({ state, in_force }) => state === 'done' && in_force === 3, second);
    expect(await passing()).toEqual([0, 0, 0]);
  });

  function startNats(): LabProcess {
    const configuration = join(directory, 'nats.conf');
    writeFileSync(
      configuration,
      `listen: "127.0.0.1:-1"\nlog_file: "${join(directory, 'nats.log')}"\njetstream { store_dir: "${join(directory, 'jetstream')}", max_file_store: 1GB }\n`,
    );
    writeFileSync(join(directory, 'nats.log'), '');
    return startProcess(suite.network.server, programPath('usr/sbin/nats-server'), ['--config', configuration]);
  }

  async function natsUrl(nats: LabProcess): Promise<string> {
    const log = () => readFileSync(join(directory, 'nats.log'), 'utf8');
    await until(() => log().includes('Server is ready'), {
      what: 'nats-server to be ready',
      evidence: () => nats.stderr + log(),
    });
    return `nats://127.0.0.1:${/Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log())?.[1]}`;
  }
});
