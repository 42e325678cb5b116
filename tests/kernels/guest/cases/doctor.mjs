// @ts-check
/** `packetlog doctor` on devices that not every machine has, and on kernels that tell less about a driver. */
import { isAtLeast } from '../lab/device.mjs';

const P = {
  healthy: 'no failure on a veth',
  bond: 'a member of a bond',
  vlan: 'VLAN tags that the device removes',
  wireguard: 'native mode on WireGuard',
  ipvlan: 'an ipvlan in L3S mode, as run says it',
};
export const promises = Object.values(P);
export const modules = ['bonding', '8021q', 'wireguard', 'ipvlan'];

/** First kernel that tells which drivers support native mode. */
const TELLS_SINCE = /** @type {const} */ ([6, 3]);
const QUIET = ['--listen', 'off', '--pin', 'never'];

/** @typedef {{ id: string, state: string, finding: string, fix: string | null }} Check */

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const { server } = await lab.network({ links: 3 });
  /** @param {string[]} args @returns {Promise<{ checks: Check[], code: number }>} */
  const doctor = async (...args) => {
    const { out, err, code } = await lab.command('doctor', '--json', ...QUIET, ...args);
    if (err !== '') throw new Error(err);
    return { code, ...JSON.parse(out) };
  };
  /** @param {string} promise @param {string} id @param {string} state @param {string} words @param {string[]} args */
  const expectCheck = async (promise, id, state, words, ...args) => {
    const { checks } = await doctor(...args);
    const named = checks.find((check) => check.id === id && check.state === state && check.finding.includes(words));
    lab.check(promise, `${id}: ${words}`, named === undefined ? checks.filter((each) => each.id === id) : true, true);
    return named;
  };

  const healthy = await doctor('--iface', 'watched0');
  lab.check(P.healthy, 'exit code', healthy.code, 0);
  lab.check(
    P.healthy,
    'failures',
    healthy.checks.filter(({ state }) => state === 'fail'),
    [],
  );

  await server.ip('link', 'add', 'bond0', 'type', 'bond');
  await server.ip('link', 'set', 'watched1', 'down');
  await server.ip('link', 'set', 'watched1', 'master', 'bond0');
  await server.ip('link', 'set', 'bond0', 'up');
  await expectCheck(P.bond, 'membership', 'warn', 'watched1 is a member of bond0', '--iface', 'watched1');

  await server.ip('link', 'add', 'vlan5', 'link', 'watched2', 'type', 'vlan', 'id', '5');
  await expectCheck(P.vlan, 'vlan_offload', 'warn', 'watched2 removes VLAN tags', '--iface', 'watched2');

  await server.ip('link', 'add', 'wg9', 'type', 'wireguard');
  await server.ip('link', 'set', 'wg9', 'up');
  const native = ['--iface', 'wg9', '--mode', 'native'];
  if (isAtLeast(TELLS_SINCE)) await expectCheck(P.wireguard, 'native_xdp', 'fail', 'has no native XDP', ...native);
  else await expectCheck(P.wireguard, 'native_xdp', 'ok', 'known only once attached', ...native);

  await server.ip('link', 'add', 'ipvl9', 'link', 'watched0', 'type', 'ipvlan', 'mode', 'l3s');
  await server.ip('link', 'set', 'ipvl9', 'up');
  const named = await expectCheck(P.ipvlan, 'link_type', 'fail', 'ipvlan in L3S mode', '--iface', 'ipvl9');
  const { err } = await lab.command('--iface', 'ipvl9', '--print', 'none', ...QUIET);
  lab.check(P.ipvlan, 'run says the same', err.includes(`${named?.finding} ${named?.fix}`) || err, true);
}
