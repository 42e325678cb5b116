// @ts-check
/** Which kernels may lack which module. A module that is not here is demanded of every kernel. */
import { atLeast } from './run.mjs';

/** By module: the first kernel that has it in Debian's cloud build; Infinity: none need have it. */
const FIRST_WITH = /** @type {Record<string, readonly [number, number]>} */ ({});

/** @param {string} kernel @param {string} module */
export function mayLack(kernel, module) {
  const first = FIRST_WITH[module];
  return first !== undefined && !atLeast(kernel, first);
}
