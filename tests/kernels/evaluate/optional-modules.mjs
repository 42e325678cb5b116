// @ts-check
/** Modules that some kernels may lack. Every kernel must have a module that is not listed here. */
import { atLeast } from './run.mjs';

/** By module: the first kernel that has it in Debian's cloud build; Infinity: no kernel must have it. */
const FIRST_WITH = /** @type {Record<string, readonly [number, number]>} */ ({});

/** @param {string} kernel @param {string} module */
export function mayLack(kernel, module) {
  const first = FIRST_WITH[module];
  return first !== undefined && !atLeast(kernel, first);
}
