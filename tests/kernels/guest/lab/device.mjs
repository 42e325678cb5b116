// @ts-check
/** Rules on one device, checked by the datagrams that reach a socket behind it and by the records. */
import { release } from 'node:os';
import { atLeast } from '../../evaluate/run.mjs';
import { CONTROL_RULE } from './network.mjs';

export const COUNT = 8;
export const PORT = 5000;
/** Host parts of the senders. */
export const PERMITTED = 1;
export const DENIED = 3;
const UNSUPPORTED = 6;

/** Returns whether this kernel has that version or a later one. @param {readonly [number, number]} version */
export const isAtLeast = (version) => atLeast(release(), version);

/** @typedef {import('./lab.mjs').Lab} Lab */

/**
 * Checks a rule and the default policy on the device.
 * @param {Lab} lab @param {string} promise @param {string} name
 * @param {(host: number) => Promise<number>} passes
 * @param {object} rule @param {'ethernet' | 'ip'} link
 */
export async function checkRules(lab, promise, name, passes, rule, link) {
  const loader = await lab.packetlog(['--iface', name, '--print', 'json', '--pin', 'never']).ready();
  await loader.add(CONTROL_RULE);
  lab.check(promise, 'without a rule', await passes(DENIED), COUNT);
  const id = await loader.add({ ...rule, interface: name });
  lab.check(promise, 'denied and permitted', (await passes(DENIED)) + (await passes(PERMITTED)), COUNT);
  await loader.ask('remove', { ids: [id] });
  const permit = {
    ...rule,
    action: 'permit',
    source: String(/** @type {any} */ (rule).source).replace(/\d+$/, String(PERMITTED)),
  };
  await loader.add(permit);
  await loader.ask('policy', { default_policy: 'deny', force: true });
  lab.check(promise, 'by default policy', (await passes(DENIED)) + (await passes(PERMITTED)), COUNT);
  await loader.ask('policy', { default_policy: 'permit' });
  const { interfaces } = (await loader.ask('list')).in_force;
  lab.check(
    promise,
    'in force on',
    interfaces.map((/** @type {{ name: string }} */ each) => each.name),
    [name],
  );
  lab.check(promise, 'exit code', await loader.end('SIGINT'), 0);
  const lines = loader.out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const denied = lines.filter((each) => each.action === 'deny' && each.ip_protocol === 17);
  const lengths = new Set(denied.map((each) => each.length - (each.ether_type === 0x86dd ? 20 : 0)));
  lab.check(promise, 'denied, as recorded', denied.length, 2 * COUNT);
  lab.check(promise, 'lengths', [...lengths], [32 + 28 + (link === 'ip' ? 0 : 14)]);
  lab.check(promise, 'no packet of another interface', lines.at(-1)?.ledger?.unwatched ?? null, null);
}

/**
 * Checks that packetlog rejects the device, with an error that contains `words`.
 * @param {Lab} lab @param {string} promise @param {string} name @param {string} words @param {string} [mode]
 */
export async function rejected(lab, promise, name, words, mode = 'auto') {
  const { code, err } = await lab.command('--iface', name, '--mode', mode, '--listen', 'off', '--print', 'none');
  lab.check(promise, 'exit code', code, UNSUPPORTED);
  lab.check(promise, `prints "${words}"`, err.includes(words) || err, true);
}
