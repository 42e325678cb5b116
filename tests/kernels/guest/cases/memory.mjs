// @ts-check
/** A control group limits the memory of core and server; then it leaves them too little, and the kernel kills them. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { readOutput } from '../lab/ledger.mjs';
import { address, CONTROL_RULE, deviceOf } from '../lab/network.mjs';
import { ORIGIN, TOKENS } from '../lab/service.mjs';
import { until } from '../lab/until.mjs';

const P = { limited: 'limited to 192 MiB', killed: 'killed for lack of memory: rules stay' };
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];
export const guestOnly = true;

const COUNT = 8;
const [PORT, KNOWN_PORT] = [5000, 5001];
const SENT = 2000;
const MIB = 1 << 20;
const LIMIT = 192 * MIB;
const TOO_LITTLE = 16 * MIB;
/** Of two CPUs: all rings together take at most 1/25 of the limit (docs/memory.md). */
const RING = 2 * MIB;
const GROUPS = '/sys/fs/cgroup';
const GROUP = `${GROUPS}/packetlog`;
/** `ip netns exec` gives each command a new /sys. */
const inGroup = [
  ...['sh', '-c'],
  `mount -t cgroup2 cgroup ${GROUPS} && echo $$ >${GROUP}/cgroup.procs && exec "$@"`,
  'sh',
];

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, [3]);
  for (const port of [PORT, KNOWN_PORT]) await network.listen(port);
  const passes = (/** @type {number} */ host) =>
    network.passed({ from: address(0, host), to: address(0, 2), port: PORT, count: COUNT });
  writeFileSync(`${GROUPS}/cgroup.subtree_control`, '+memory');
  mkdirSync(GROUP);
  try {
    writeFileSync(`${GROUP}/memory.max`, `${LIMIT}`);
    const args = ['--mode', 'native', '--iface', deviceOf(0), '--sample', 'off', '--ui', 'off'];
    const environment = { PACKETLOG_TOKEN: TOKENS.token, PACKETLOG_ADMIN_TOKEN: TOKENS.adminToken };
    const start = () =>
      lab.packetlog([...args, '--print', 'json'], { before: inGroup, listen: ORIGIN, environment }).ready();
    const loader = await start();
    const status = JSON.parse((await lab.command('status', '--json')).out);
    lab.check(P.limited, 'bytes of a ring', status.ring_bytes, RING);
    const { sent } = await network.client.ask('sendUdp', {
      ...{ from: address(0, 1), address: address(0, 2), ports: [KNOWN_PORT], sourcePorts: [40_001] },
      ...{ count: SENT, perSecond: SENT / 4, payloadBytes: 32 },
    });
    const known = () => readOutput(loader.out).records.filter(({ dst_port }) => dst_port === KNOWN_PORT).length;
    await until(() => known() >= sent, 'the records', 20).catch(() => {});
    lab.check(P.limited, 'records', known(), SENT);
    lab.check(P.limited, 'killed', eventsOf('oom_kill'), 0);

    await loader.add(CONTROL_RULE);
    await loader.add({ action: 'deny', source: address(0, 3) });
    lab.check(P.killed, 'while the loader runs', await passes(3), 0);
    writeFileSync(`${GROUP}/memory.max`, `${TOO_LITTLE}`);
    await until(() => loader.exit !== undefined, 'the kernel kills the loader');
    lab.check(P.killed, 'exit', loader.exit, 'SIGKILL');
    lab.check(P.killed, 'denied without a loader', await passes(3), 0);
    lab.check(P.killed, 'others', await passes(1), COUNT);
    writeFileSync(`${GROUP}/memory.max`, `${LIMIT}`);
    const next = await start();
    lab.check(P.killed, 'the next one takes over', next.err.includes('Took over') || next.err, true);
    lab.check(P.killed, 'denied by the next one', await passes(3), 0);
    lab.check(P.killed, 'exit code', await next.end('SIGINT'), 0);
  } finally {
    await lab.endProcesses();
    rmdirSync(GROUP);
  }
}

/** @param {string} name */
function eventsOf(name) {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(readFileSync(`${GROUP}/memory.events`, 'utf8'))?.[1]);
}
