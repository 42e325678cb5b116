// @ts-check
/** The short form for `pnpm test`, of parts of the other cases: capture in both modes, each kind of rule, expiry. */
import { capture } from './capture.mjs';
import { enforce, P as LIMITS } from './limits.mjs';
import {
  begin,
  denyNetwork,
  denyOnConditions,
  denyOnInterface,
  denyPort,
  denySet,
  denySource,
  expire,
  observe,
  P as RULES,
  revertPolicy,
} from './rules.mjs';

const CAPTURES = ['native', 'generic'];
const { source, network, permit, set, port, interface: onInterface, conditions, observe: observed } = RULES;
const { reverted, ends } = RULES;
export const promises = [
  ...CAPTURES,
  ...[source, network, permit, set, port, onInterface, conditions, observed, LIMITS.limit, reverted, ends],
];
/** @type {readonly string[]} */
export const modules = [];

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  const parts = await begin(lab);
  for (const part of [denySource, denyNetwork, denySet, denyPort, denyOnInterface, denyOnConditions, observe])
    await part(parts);
  for (const part of [enforce, revertPolicy, expire]) await part(parts);
  lab.check(ends, 'exit code', await parts.loader.end('SIGINT'), 0);
  for (const promise of CAPTURES) await capture(lab, parts.network, promise);
}
