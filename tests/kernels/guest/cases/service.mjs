// @ts-check
/**
 * Core and server as the two units start them, neither of them root: the core with three capabilities and a bpf file
 * system that root gave it, the server with none. A client gets the records, and adds rules.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address, CONTROL_RULE, deviceOf } from '../lab/network.mjs';
import { coreRights, descendantsOf, isServer, rightsOfThreads, serverRights } from '../lab/rights.mjs';
import {
  CORE_USER,
  ORIGIN,
  prepareService,
  removeService,
  SERVER_USER,
  startCore,
  startServer,
  TOKENS,
} from '../lab/service.mjs';
import { until } from '../lab/until.mjs';

const P = {
  core: 'core: three capabilities, not root',
  server: 'server: no capability, own user',
  status: 'healthz and status',
  records: 'a client gets every record',
  rule: 'a client adds a rule that denies',
  ends: 'a rule of a client expires',
  restart: 'server and core are killed: rules stay',
  memlock: 'not root, ulimit -l 64',
  root: 'root: core and server give up rights',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const COUNT = 8;
const PORT = 5000;
const KNOWN = { ports: [5001, 5002], sourcePorts: [40_001, 40_002, 40_003], count: 300, payloadBytes: 32 };
const LENGTH = 14 + 20 + 8 + KNOWN.payloadBytes;
const URL = `http://${ORIGIN}`;
/** Probes that must fit into the time before a rule expires. */
const PROBES = 6;
/** As in ACTIONS of packages/common. */
const [DENY, PERMIT] = [1, 2];

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */
/** @typedef {import('../lab/child.mjs').Child} Child */
/** @typedef {import('@packetlog/common').PacketLog} PacketLog */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, [3, 4]);
  for (const port of [PORT, ...KNOWN.ports]) await network.listen(port);
  prepareService(lab.state);
  try {
    await asService(lab, network);
  } finally {
    await lab.command('unload');
    removeService();
  }
  await asRoot(lab);
}

/** @param {Lab} lab @param {Network} network */
async function asService(lab, network) {
  const passes = (/** @type {number} */ host) =>
    network.passed({ from: address(0, host), to: address(0, 2), port: PORT, count: COUNT });
  const args = ['--mode', 'native', '--iface', deviceOf(0), '--print', 'none'];
  const limited = startCore(lab, args, '64');
  if (await limited.isReady()) {
    lab.check(P.memlock, 'exit code', await limited.end('SIGINT'), 0);
  } else {
    // Before Linux 5.11 maps are locked memory.
    lab.check(P.memlock, 'exit code', limited.exit, 4);
    lab.check(P.memlock, 'names the limit', limited.err.includes('ulimit -l unlimited') || limited.err, true);
  }

  let core = await startCore(lab, args).ready();
  let server = startServer(lab);
  const client = lab.client();
  await until(() => client.ask('healthz', URL).catch(() => undefined), 'the server serves');
  lab.check(P.core, 'rights of its threads', rightsOfThreads(core.pid), [coreRights(CORE_USER)]);
  const rights = [serverRights(SERVER_USER, `${CORE_USER}`)];
  lab.check(P.server, 'rights of its threads', rightsOfThreads(server.pid), rights);
  lab.check(P.status, 'healthz', await client.ask('healthz', URL), 200);
  const { code, out, err } = await lab.command('status', '--json');
  lab.check(P.status, `status ${err}`, code, 0);
  const status = JSON.parse(out);
  lab.check(P.status, 'attached', [status.interfaces[0].name, status.interfaces[0].state], [deviceOf(0), 'attached']);
  lab.check(P.status, 'server', status.server?.is_running, true);

  await core.add(CONTROL_RULE);
  lab.check(P.records, 'may change rules', await client.ask('connect', { url: URL, ...TOKENS }), true);
  await checkRecords(lab, network, client);

  const seconds = await lab.secondsFor(() => passes(1), PROBES);
  const denied = await client.ask('deny', [address(0, 3), { reason: 'a test' }]);
  lab.check(P.rule, 'from the denied source', await passes(3), 0);
  lab.check(P.rule, 'from another', await passes(1), COUNT);
  const isDenied = (/** @type {PacketLog} */ each) => each.action === DENY && each.rule_id === denied.id;
  await until(async () => (await client.ask('records')).filter(isDenied).length >= COUNT, 'the denied rows', 20).catch(
    () => {},
  );
  lab.check(P.rule, 'denied rows', (await client.ask('records')).filter(isDenied).length, COUNT);

  const ending = await client.ask('deny', [address(0, 4), { for: `${seconds}s` }]);
  lab.check(P.ends, 'before it expires', await passes(4), 0);
  lab.check(P.ends, 'checked in time', Date.now() < Date.parse(ending.expires_at), true);
  await until(async () => (await passes(4)) > 0, 'the rule expires');
  lab.check(P.ends, 'it did not expire early', Date.now() >= Date.parse(ending.expires_at), true);
  lab.check(P.ends, 'after it expired', await passes(4), COUNT);

  lab.check(P.restart, 'exit of the server', await server.end('SIGKILL'), 'SIGKILL');
  lab.check(P.restart, 'denied without a server', await passes(3), 0);
  server = startServer(lab);
  await until(async () => (await client.ask('healthz', URL).catch(() => 0)) === 200, 'another server serves');
  lab.check(P.restart, 'exit of the core', await core.end('SIGKILL'), 'SIGKILL');
  lab.check(P.restart, 'denied without a core', await passes(3), 0);
  lab.check(P.restart, 'others', await passes(1), COUNT);
  // The server has lost its core: the service manager would start it again.
  lab.check(P.restart, 'exit of its server', await server.end('SIGTERM'), 75);
  core = await startCore(lab, args).ready();
  lab.check(P.restart, 'the next core takes over', core.err.includes('Took over') || core.err, true);
  lab.check(P.restart, 'denied by the next core', await passes(3), 0);
  // Two probes while the rule's first core ran, one without a core, and one now.
  await until(async () => (await core.hits(denied.id)) >= 4 * COUNT, 'the hits are counted', 20).catch(() => {});
  lab.check(P.restart, 'hits of both', await core.hits(denied.id), 4 * COUNT);
  lab.check(P.restart, 'exit code', await core.end('SIGTERM'), 0);
}

/** Checks every field of what a client gets against what was sent. @param {Lab} lab @param {Network} network @param {Child} client */
async function checkRecords(lab, network, client) {
  /** @type {(of: (port: number) => boolean) => Promise<PacketLog[]>} */
  const rowsTo = async (of) =>
    (await client.ask('records')).filter((/** @type {PacketLog} */ { dst_port }) => of(dst_port));
  await until(async () => {
    await network.passed({ from: address(0, 1), to: address(0, 2), port: PORT, count: 1 });
    return (await rowsTo((port) => port === PORT)).length > 0;
  }, 'the client is subscribed');
  const from = Date.now();
  const { sent } = await network.client.ask('sendUdp', { from: address(0, 1), address: address(0, 2), ...KNOWN });
  const known = () => rowsTo((port) => KNOWN.ports.includes(port));
  await until(async () => (await known()).length >= sent, 'the rows', 20).catch(() => {});
  const rows = await known();
  lab.check(P.records, 'rows', rows.length, KNOWN.count);
  const count = (/** @type {Record<string, number>} */ sums, /** @type {string} */ ports) => {
    sums[ports] = (sums[ports] ?? 0) + 1;
    return sums;
  };
  const ports = rows.map((row) => `${row.src_port} ${row.dst_port}`).sort();
  const sentPorts = Array.from(
    { length: KNOWN.count },
    (_, i) => `${rotated(KNOWN.sourcePorts, i)} ${rotated(KNOWN.ports, i)}`,
  );
  lab.check(P.records, 'of each pair of ports', ports.reduce(count, {}), sentPorts.sort().reduce(count, {}));
  const fields = {
    ...{ src_addr: address(0, 1), dst_addr: address(0, 2), length: LENGTH, weight: 1, ether_type: 0x0800, vlan_id: 0 },
    ...{ ip_protocol: 17, tcp_flags: 0, action: PERMIT, rule_id: 0, reason: 0 },
  };
  const wrong = rows.filter((row) => {
    const ms = Number(row.timestamp_ns / 1_000_000n);
    const isInTime = ms >= from - 1000 && ms <= Date.now() + 1000;
    return (
      !isInTime || Object.entries(fields).some(([name, value]) => row[/** @type {keyof PacketLog} */ (name)] !== value)
    );
  });
  lab.check(
    P.records,
    'wrong rows',
    wrong.map((row) => ({ ...row, timestamp_ns: String(row.timestamp_ns) })),
    [],
  );
  lab.check(P.records, 'lost', await client.ask('lost'), { byLoader: 0, byQueue: 0, withheld: 0, interruptions: 0 });
}

/** @param {readonly number[]} list @param {number} i */
const rotated = (list, i) => list[i % list.length];

/** Checks `packetlog run` in a root shell, which starts its server as a child. @param {Lab} lab */
async function asRoot(lab) {
  const state = mkdtempSync(join(tmpdir(), 'root-state-'));
  const environment = { PACKETLOG_TOKEN: TOKENS.token, PACKETLOG_ADMIN_TOKEN: TOKENS.adminToken };
  const args = ['--mode', 'native', '--iface', deviceOf(0), '--print', 'none', '--pin', 'never', '--ui', 'off'];
  const loader = await lab.packetlog(args, { state, listen: ORIGIN, environment }).ready();
  const client = lab.client();
  await until(async () => (await client.ask('healthz', URL).catch(() => 0)) === 200, 'the server serves');
  const servers = descendantsOf(loader.pid).filter(isServer);
  lab.check(P.root, 'rights of the threads of the core', rightsOfThreads(loader.pid), [coreRights(CORE_USER)]);
  lab.check(P.root, 'servers', servers.length, 1);
  lab.check(P.root, 'rights of the threads of the server', servers.map(rightsOfThreads), [[serverRights(SERVER_USER)]]);
  lab.check(P.root, 'exit code', await loader.end('SIGINT'), 0);
}
