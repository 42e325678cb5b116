// @ts-check
/** Rules on devices that some kernels lack: VLANs, WireGuard, IP tunnels. */
import { COUNT, checkRules, DENIED, isAtLeast, PERMITTED, PORT, rejected } from '../lab/device.mjs';
import { address } from '../lab/network.mjs';

const P = {
  vlan: 'a VLAN interface',
  wireguard: 'WireGuard',
  ipip: 'an IP in IP tunnel',
  gre: 'a GRE tunnel',
  sit: 'an IPv6 in IPv4 tunnel',
  open: 'a GRE tunnel without one remote address is rejected',
  ipsec: 'an IPsec interface is rejected',
};
export const promises = Object.values(P);
export const modules = ['8021q', 'wireguard', 'ipip', 'ip_gre', 'sit', 'xfrm_interface'];

const PORT6 = 5006;
/** First kernel whose generic XDP begins at the inner header of a tunnel. */
const TUNNELS_SINCE = /** @type {const} */ ([5, 14]);

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network({ links: 1 });
  await network.listen(PORT);
  await network.listen(PORT6, '::');
  const both = [network.client, network.server];
  for (const side of both)
    await side.run('sh', '-c', 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done');

  await onDevice(lab, network, P.vlan, 'vlan5', 'ethernet', (name, side, i) =>
    side.ip('link', 'add', 'link', i === 0 ? 'peer0' : 'watched0', 'name', name, 'type', 'vlan', 'id', '5'),
  );
  await onDevice(
    lab,
    network,
    P.wireguard,
    'wg0',
    'ip',
    (name, side) => side.ip('link', 'add', name, 'type', 'wireguard'),
    wireguardKeys,
  );
  for (const [promise, type] of /** @type {const} */ ([
    [P.ipip, 'ipip'],
    [P.gre, 'gre'],
  ])) {
    await onDevice(lab, network, promise, `${type}9`, 'ip', (name, side, i) =>
      side.ip('link', 'add', name, 'type', type, 'local', address(0, 1 + i), 'remote', address(0, 2 - i)),
    );
  }
  await sit(lab, network);
  await network.server.ip('link', 'add', 'open9', 'type', 'gre', 'local', address(0, 2), 'key', '9');
  await rejected(lab, P.open, 'open9', isAtLeast(TUNNELS_SINCE) ? 'without one remote address' : 'before Linux 5.14');
  await network.server.ip('link', 'add', 'xfrm9', 'type', 'xfrm', 'dev', 'watched0', 'if_id', '9');
  await rejected(lab, P.ipsec, 'xfrm9', 'an IPsec interface');
}

/**
 * @param {Lab} lab @param {Network} network @param {string} promise @param {string} name of the device on both sides
 * @param {'ethernet' | 'ip'} link
 * @param {(name: string, side: Network['client'], i: number) => Promise<unknown>} make
 * @param {(network: Network, name: string) => Promise<void>} [configure]
 */
async function onDevice(lab, network, promise, name, link, make, configure = async () => {}) {
  const sides = [network.client, network.server];
  for (const [i, side] of sides.entries()) {
    await make(name, side, i);
    const hosts = i === 0 ? [PERMITTED, DENIED] : [2];
    for (const host of hosts) await side.ip('address', 'add', `10.78.0.${host}/24`, 'dev', name);
  }
  await configure(network, name);
  for (const side of sides) await side.ip('link', 'set', name, 'up');
  if (isRejectedTunnel(name)) {
    await rejected(lab, promise, name, 'before Linux 5.14');
  } else {
    // Neighbours are looked up on a VLAN.
    const passes = (/** @type {number} */ host) =>
      network.passed({ from: `10.78.0.${host}`, to: '10.78.0.2', port: PORT, count: COUNT });
    await passes(PERMITTED).catch(() => {});
    await checkRules(lab, promise, name, passes, { action: 'deny', source: `10.78.0.${DENIED}` }, link);
  }
  for (const side of sides) await side.ip('link', 'delete', name);
}

const isRejectedTunnel = (/** @type {string} */ name) => /^(ipip|gre|sit)/.test(name) && !isAtLeast(TUNNELS_SINCE);

/** @param {Lab} lab @param {Network} network */
async function sit(lab, network) {
  const sides = [network.client, network.server];
  for (const [i, side] of sides.entries()) {
    await side.run(
      'sh',
      '-c',
      'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6',
    );
    await side.ip('link', 'add', 'sit9', 'type', 'sit', 'local', address(0, 1 + i), 'remote', address(0, 2 - i));
    for (const host of i === 0 ? [PERMITTED, DENIED] : [2])
      await side.ip('address', 'add', `2001:db8:9::${host}/64`, 'dev', 'sit9', 'nodad');
    await side.ip('link', 'set', 'sit9', 'up');
  }
  if (isRejectedTunnel('sit9')) {
    await rejected(lab, P.sit, 'sit9', 'before Linux 5.14');
  } else {
    const passes = (/** @type {number} */ host) =>
      network.passed({ from: `2001:db8:9::${host}`, to: '2001:db8:9::2', port: PORT6, count: COUNT });
    await checkRules(lab, P.sit, 'sit9', passes, { action: 'deny', source: `2001:db8:9::${DENIED}` }, 'ip');
  }
  for (const side of sides) await side.ip('link', 'delete', 'sit9');
}

/** @param {Network} network @param {string} name */
async function wireguardKeys({ client, server }, name) {
  const keys = await Promise.all(
    [client, server].map((side) => side.run('sh', '-c', `wg genkey | tee /tmp/${side.name}.key | wg pubkey`)),
  );
  for (const [i, side] of [client, server].entries()) {
    const peer = [
      'peer',
      (keys[1 - i] ?? '').trim(),
      'allowed-ips',
      '10.78.0.0/24',
      'endpoint',
      `${address(0, 2 - i)}:51820`,
    ];
    await side.run('wg', 'set', name, 'listen-port', '51820', 'private-key', `/tmp/${side.name}.key`, ...peer);
  }
}
