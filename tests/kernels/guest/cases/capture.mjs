// @ts-check
/** Checks every record and the ledger, with each way to attach the program and different capabilities. */
import { address, deviceOf } from '../lab/network.mjs';
import { SETPRIV } from '../lab/setpriv.mjs';
import { until } from '../lab/until.mjs';

export const COUNT = 100;
const SAMPLED = 4000;
const SAMPLE = 4;

/** Hides BTF: `ip netns exec` gives each command a new /sys. */
const WITHOUT_BTF =
  'mount -t tmpfs none /sys/kernel/btf 2>/dev/null; [ ! -e /sys/kernel/btf/vmlinux ] || exit 99; exec "$@"';
const withoutBtf = ['sh', '-c', WITHOUT_BTF, 'sh'];
const smallMemlock = ['sh', '-c', 'ulimit -l 64; exec "$@"', 'sh'];
// sys_resource only allows libbpf to raise the memlock limit, which applies before 5.11.
// The state directory of the other loaders belongs to the core's user, in whose name this one cannot work.
const ownState = ['env', 'PACKETLOG_STATE_DIR=/run/packetlog-of-root'];
const capabilities = [SETPRIV, '--bounding-set=-all,+bpf,+net_admin,+perfmon,+sys_resource', '--inh-caps=-all'];
const withoutResource = [SETPRIV, '--bounding-set=-sys_resource', '--inh-caps=-all'];

/** @type {Record<string, { args: readonly string[], before?: readonly string[], payload?: number, mtu?: number }>} */
const CAPTURES = {
  native: { args: ['--mode', 'native'] },
  generic: { args: ['--mode', 'generic'] },
  'native, array ring': { args: ['--mode', 'native', '--transport', 'array'] },
  'generic, kernel ring': { args: ['--mode', 'generic', '--transport', 'ring'] },
  'native without BTF': { args: ['--mode', 'native'], before: withoutBtf },
  'generic without BTF, perf events': { args: ['--mode', 'generic', '--transport', 'perf'], before: withoutBtf },
  'jumbo frames, --mode auto': { args: ['--mode', 'auto'], payload: 6000, mtu: 9000 },
  'jumbo frames, native': { args: ['--mode', 'native'], payload: 6000, mtu: 9000 },
  'three capabilities': { args: ['--mode', 'native'], before: [...ownState, ...capabilities] },
  'root with ulimit -l 64': { args: ['--mode', 'native'], before: smallMemlock },
  'ulimit -l 64': { args: ['--mode', 'native'], before: [...smallMemlock, ...withoutResource] },
};
const SAMPLING = `1 of ${SAMPLE} recorded, with weights`;

export const promises = [...Object.keys(CAPTURES), SAMPLING];
/** @type {readonly string[]} */
export const modules = [];

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  for (const promise of Object.keys(CAPTURES)) await capture(lab, network, promise);
  await sampling(lab, network);
}

/** Captures in the way of a promise, and reports the facts. @param {Lab} lab @param {Network} network @param {string} promise */
export async function capture(lab, network, promise) {
  const { args, before = [], payload = 100, mtu = 1500 } = CAPTURES[promise] ?? fail(promise);
  await network.client.ip('link', 'set', 'peer0', 'mtu', String(mtu));
  await network.server.ip('link', 'set', deviceOf(0), 'mtu', String(mtu));
  const facts = await factsOf(lab, network, args, before, { count: COUNT, payloadBytes: payload });
  lab.facts(promise, { ...facts, payload, out: facts.out.split('\n').filter(Boolean) });
}

/** @param {string} promise @returns {never} */
function fail(promise) {
  throw new Error(`no capture is called "${promise}"`);
}

/**
 * @param {Lab} lab
 * @param {Network} network
 * @param {readonly string[]} args
 * @param {readonly string[]} before
 * @param {{ count: number, payloadBytes: number }} traffic
 */
async function factsOf(lab, network, args, before, { count, payloadBytes }) {
  const device = deviceOf(0);
  const from = Math.floor(Date.now() / 1000);
  const arrived = network.arrived(device);
  const loader = lab.packetlog([...args, '--iface', device, '--print', 'json'], { before });
  let sent = 0;
  if (await loader.isReady()) {
    const ports = { ports: [53, 443, 5000, 65_535], sourcePorts: [40_001, 40_002, 40_003] };
    ({ sent } = await network.client.ask('sendUdp', { address: address(0, 2), ...ports, count, payloadBytes }));
    await until(() => network.arrived(device) >= arrived + count, 'all arrived', 30).catch(() => {});
  }
  const exit = await loader.end('SIGINT');
  const links = JSON.parse(await network.server.ip('-j', 'link', 'show', 'dev', device));
  return {
    sent,
    received: network.arrived(device) - arrived,
    left: links.filter((/** @type {{ xdp?: unknown }} */ { xdp }) => xdp !== undefined).length,
    exit,
    from,
    to: Math.floor(Date.now() / 1000),
    out: loader.out,
    err: loader.err.split('\n').filter(Boolean),
  };
}

/** @param {Lab} lab @param {Network} network */
async function sampling(lab, network) {
  const args = ['--mode', 'native', '--sample', String(SAMPLE)];
  const { received, out } = await factsOf(lab, network, args, [], { count: SAMPLED, payloadBytes: 32 });
  const lines = out.trim().split('\n');
  const records = lines.slice(0, -1).map((line) => JSON.parse(line));
  const { seen, emitted, sampled_out, ring_full } = JSON.parse(lines.at(-1) ?? '{}').ledger.watched0;
  lab.check(SAMPLING, 'packets that arrived', received, SAMPLED);
  lab.check(SAMPLING, 'packets counted', seen, SAMPLED);
  lab.check(SAMPLING, 'recorded + sampled out', emitted + sampled_out + ring_full, SAMPLED);
  lab.check(SAMPLING, 'records printed', records.length, emitted);
  lab.check(SAMPLING, 'weights', [...new Set(records.map(({ weight }) => weight))], [SAMPLE]);
  // Six standard deviations of a binomial distribution: 1000 ± 164.
  const spread = 6 * Math.sqrt((SAMPLED / SAMPLE) * (1 - 1 / SAMPLE));
  const isFair = Math.abs(records.length - SAMPLED / SAMPLE) <= spread;
  lab.check(SAMPLING, `about a quarter is recorded (${records.length})`, isFair, true);
}
