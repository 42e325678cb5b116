// @ts-check
/** Rules on an ipvlan: its modes L2 and L3 show XDP all packets, L3S does not. */
import { COUNT, checkRules, DENIED, PERMITTED, PORT, rejected } from '../lab/device.mjs';
import { until } from '../lab/until.mjs';

const P = {
  l2: 'an ipvlan in L2 mode',
  l3: 'an ipvlan in L3 mode',
  l3s: 'an ipvlan in L3S mode is rejected',
  changes: 'an ipvlan is not watched while it is in L3S mode',
};
export const promises = Object.values(P);
export const modules = ['ipvlan'];

const NAME = 'ipvl0';
const ADDRESS = '10.78.0.2';

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const network = await lab.network({ links: 1 });
  const { client, server } = network;
  await network.listen(PORT);
  await server.run('sh', '-c', 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done');
  const [{ address: mac }] = JSON.parse(await server.ip('-j', 'link', 'show', 'dev', 'watched0'));
  for (const host of [PERMITTED, DENIED]) await client.ip('address', 'add', `10.78.0.${host}/24`, 'dev', 'peer0');
  // An ipvlan has the MAC address of its parent device.
  await client.ip('neighbour', 'replace', ADDRESS, 'lladdr', mac, 'dev', 'peer0');
  await server.ip('link', 'add', NAME, 'link', 'watched0', 'type', 'ipvlan', 'mode', 'l2');
  await server.ip('address', 'add', `${ADDRESS}/24`, 'dev', NAME);
  await server.ip('link', 'set', NAME, 'up');
  const mode = (/** @type {string} */ wanted) => server.ip('link', 'set', NAME, 'type', 'ipvlan', 'mode', wanted);
  const passes = (/** @type {number} */ host) =>
    network.passed({ from: `10.78.0.${host}`, to: ADDRESS, port: PORT, count: COUNT });
  const rule = { action: 'deny', source: `10.78.0.${DENIED}` };

  await checkRules(lab, P.l2, NAME, passes, rule, 'ethernet');
  await mode('l3');
  await checkRules(lab, P.l3, NAME, passes, rule, 'ethernet');

  const loader = await lab.packetlog(['--iface', NAME, '--print', 'none', '--pin', 'never']).ready();
  const unfiltered = async () => (await loader.ask('list')).in_force.not_filtered ?? [];
  lab.check(P.changes, 'not filtered, in L3 mode', await unfiltered(), []);
  await mode('l3s');
  await until(async () => (await unfiltered()).length > 0, 'the interface is not watched any more');
  const [{ name, why }] = await unfiltered();
  lab.check(P.changes, 'not filtered, in L3S mode', name, NAME);
  lab.check(P.changes, 'the reason', /L3S mode/.test(why) || why, true);
  await mode('l2');
  await until(async () => (await unfiltered()).length === 0, 'the interface is watched again');
  lab.check(P.changes, 'exit code', await loader.end('SIGINT'), 0);
  await mode('l3s');
  await rejected(lab, P.l3s, NAME, 'L3S mode');
}
