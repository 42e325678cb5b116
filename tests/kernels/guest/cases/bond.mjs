// @ts-check
/** Rules on a bond, and on its members as they come and go. */
import { COUNT, checkRules, DENIED, isAtLeast, PERMITTED, PORT, rejected } from '../lab/device.mjs';
import { address, CONTROL_RULE } from '../lab/network.mjs';

const P = {
  bond: 'a bond, --mode auto',
  member: 'a bond, --mode native, and a member that joins',
};
export const promises = Object.values(P);
export const modules = ['bonding'];

/** First kernel whose bonds accept a native program. */
const NATIVE_BOND_SINCE = /** @type {const} */ ([5, 15]);

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const network = await lab.network({ links: 2 });
  await network.listen(PORT);
  const { client, server } = network;
  await server.ip('link', 'add', 'bond0', 'type', 'bond', 'mode', 'balance-rr');
  await server.ip('link', 'set', 'watched0', 'down');
  await server.ip('link', 'set', 'watched0', 'master', 'bond0');
  await server.ip('link', 'set', 'bond0', 'up');
  await server.ip('address', 'add', `${address(0, 2)}/24`, 'dev', 'bond0');
  await server.ip('address', 'add', `${address(1, 2)}/24`, 'dev', 'bond0');
  await network.addSources(0, [DENIED]);
  await network.addSources(1, [DENIED]);
  const [bond] = JSON.parse(await server.ip('-j', 'link', 'show', 'dev', 'bond0'));
  for (const link of [0, 1]) {
    await client.ip('neighbour', 'replace', address(link, 2), 'lladdr', bond.address, 'dev', `peer${link}`);
    for (const host of [PERMITTED, DENIED, 250]) {
      const [peer] = JSON.parse(await client.ip('-j', 'link', 'show', 'dev', `peer${link}`));
      await server.ip('neighbour', 'replace', address(link, host), 'lladdr', peer.address, 'dev', 'bond0');
    }
  }
  const passes = (/** @type {number} */ link) => async (/** @type {number} */ host) =>
    network.passed({ from: address(link, host), to: address(link, 2), port: PORT, link, count: COUNT });
  await checkRules(lab, P.bond, 'bond0', passes(0), { action: 'deny', source: address(0, DENIED) }, 'ethernet');

  if (!isAtLeast(NATIVE_BOND_SINCE)) {
    // Bonds of this kernel reject a native program.
    return rejected(lab, P.member, 'bond0', 'Try --mode generic', 'native');
  }
  const args = ['--iface', 'bond0', '--mode', 'native', '--print', 'json', '--pin', 'never'];
  const loader = await lab.packetlog(args).ready();
  await loader.add(CONTROL_RULE);
  await loader.add({
    action: 'deny',
    source: '10.77.0.0/16',
    protocol: 'udp',
    destination_port: PORT,
    interface: 'bond0',
  });
  lab.check(P.member, 'on the first member', await passes(0)(DENIED), 0);
  await server.ip('link', 'set', 'watched1', 'down');
  await server.ip('link', 'set', 'watched1', 'master', 'bond0');
  await client.ip('link', 'set', 'peer1', 'up');
  await server.ip('link', 'set', 'watched1', 'up');
  lab.check(P.member, 'on the member that joined, at once', await passes(1)(DENIED), 0);
  await server.ip('link', 'set', 'watched0', 'nomaster');
  lab.check(P.member, 'on the second member after the first left', await passes(1)(DENIED), 0);
  lab.check(P.member, 'exit code', await loader.end('SIGINT'), 0);
  const lines = loader.out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const denied = lines.filter(({ action }) => action === 'deny');
  lab.check(
    P.member,
    'denied, as recorded',
    denied.map((each) => each.interface),
    new Array(3 * COUNT).fill('bond0'),
  );
  const { bond0, unwatched } = lines.at(-1)?.ledger ?? {};
  lab.check(P.member, 'denied, as counted', bond0?.denied, 3 * COUNT);
  lab.check(P.member, 'no packet of another interface', unwatched ?? null, null);
}
