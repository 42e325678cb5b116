// @ts-check
/** A large set: its addresses are denied, their neighbours are not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { address, CONTROL_RULE, deviceOf } from '../lab/network.mjs';

const P = { set: 'deny a large set', replaced: 'the set is replaced' };
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const COUNT = 4;
const PORT = 5000;
const SOURCES = [20, 21, 22, 23, 24, 25, 26, 27];
const isListed = (/** @type {number} */ host) => host % 2 === 0;

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, SOURCES);
  await network.listen(PORT);
  const passes = (/** @type {number} */ host) =>
    network.passed({ from: address(0, host), to: address(0, 2), port: PORT, count: COUNT });
  const args = ['--mode', 'native', '--iface', deviceOf(0), '--print', 'none', '--pin', 'never'];
  const loader = await lab.packetlog(args).ready();
  await loader.add(CONTROL_RULE);

  const path = join(lab.state, 'list.txt');
  const others = lab.addresses - SOURCES.filter(isListed).length;
  writeFileSync(path, list(others, SOURCES.filter(isListed)));
  const imported = await lab.command('rules', 'import', path, '--set', 'many', '--json');
  lab.check(P.set, `rules import ${imported.err}`, imported.code, 0);
  const [set] = (await loader.ask('list')).sets;
  lab.check(P.set, 'networks', set?.entries, lab.addresses);
  for (const host of SOURCES) {
    lab.check(
      P.set,
      `from .${host}, ${isListed(host) ? 'listed' : 'not listed'}`,
      await passes(host),
      isListed(host) ? 0 : COUNT,
    );
  }
  writeFileSync(
    path,
    list(
      others,
      SOURCES.filter((host) => !isListed(host)),
    ),
  );
  const again = await lab.command('rules', 'import', path, '--set', 'many', '--json');
  lab.check(P.replaced, `rules import ${again.err}`, again.code, 0);
  for (const host of SOURCES) {
    lab.check(P.replaced, `from .${host}`, await passes(host), isListed(host) ? COUNT : 0);
  }
  lab.check(P.replaced, 'exit code', await loader.end('SIGINT'), 0);
}

/** Returns a list of addresses that are not adjacent, so that they cannot be merged. @param {number} others @param {number[]} hosts */
function list(others, hosts) {
  const lines = hosts.map((host) => address(0, host));
  for (let i = 0; i < others; i++) {
    const at = 2 * i;
    lines.push(`100.${64 + (at >>> 16)}.${(at >>> 8) & 255}.${at & 255}`);
  }
  return `${lines.join('\n')}\n`;
}
