import { parseArgs } from 'node:util';

const TEXT = /** @type {const} */ ({ type: 'string' });

/**
 * Returns what `pnpm test:kernels` with these arguments needs packages for, besides building and running the loader.
 * @param {readonly string[]} args of tests/kernels/prove.sh, which rejects unknown ones
 * @returns {import('./packages.mjs').Purpose[]}
 */
export function kernelPurposes(args) {
  const options = { cache: TEXT, cases: TEXT, addresses: TEXT, 'at-once': TEXT };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false });
  const hasArm = positionals.length === 0 || positionals.some((kernel) => kernel.endsWith('-arm64'));
  return [
    'kernels',
    ...(hasArm ? /** @type {const} */ (['kernels on arm64']) : []),
    ...(values.cases === 'brief' ? [] : /** @type {const} */ (['every kernel case'])),
  ];
}
