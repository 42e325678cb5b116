// @ts-check
/** Compares what the programs cost the verifier with verifier.json: by kernel, name of the program, cost. */
import { readFileSync } from 'node:fs';
import { versionOf } from './run.mjs';

/** @typedef {{ instructions: number, states: number, stack: number, verifyMs: number, loadMs: number }} Cost */
/** @typedef {Record<string, Record<string, Cost | null>>} Costs null: the kernel rejects the program */

export const COSTS_FILE = new URL('../verifier.json', import.meta.url);
/** Times depend on the machine, and are only recorded. */
const MAX_GROWTH = 1.1;
/** Of the 512 bytes that a program has (MAX_BPF_STACK): room for what another compiler needs. */
const MAX_STACK = 464;

/** @returns {Costs} */
export const recordedCosts = () => JSON.parse(readFileSync(COSTS_FILE, 'utf8'));

/**
 * @param {Record<string, any>} facts @param {string} kernel @param {Costs} recorded
 * @returns {{ cell: string, problems: string[] }}
 */
export function evaluateVerifier({ programs }, kernel, recorded = recordedCosts()) {
  const problems = [];
  const before = recorded[versionOf(kernel)];
  const known = /** @type {Record<string, Cost | undefined>} */ (programs);
  for (const [name, cost] of Object.entries(known)) {
    if (!cost) continue;
    if (!(cost.stack > 0 && cost.stack <= MAX_STACK))
      problems.push(`${name}: stack of ${cost.stack} bytes, at most ${MAX_STACK}`);
    if (!(cost.instructions > 0)) problems.push(`${name}: the verifier's log has no number of instructions`);
  }
  for (const [name, was] of Object.entries(before ?? {})) {
    const now = known[name];
    if (!was) continue;
    if (!now) problems.push(`${name}: the kernel rejects it, and accepted it before`);
    else if (now.instructions > was.instructions * MAX_GROWTH) {
      problems.push(`${name}: ${now.instructions} instructions verified, ${was.instructions} before (verifier.json)`);
    }
  }
  const most = Math.max(...Object.values(known).map((cost) => cost?.instructions ?? 0));
  return { cell: before === undefined ? `${most}, not recorded` : `${most}`, problems };
}
