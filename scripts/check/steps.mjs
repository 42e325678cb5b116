/**
 * The steps of `pnpm check`. Each is one command; exit code 0 means no problems.
 *
 * @typedef {{ name: string, command: string, args: readonly string[], remedy: string }} CheckStep
 */

/**
 * @param {readonly string[]} cSources
 * @returns {readonly CheckStep[]}
 */
export function checkSteps(cSources) {
  return [
    {
      name: 'lint and format: TypeScript, CSS, JSON',
      command: 'biome',
      args: ['check', '--error-on-warnings', '--max-diagnostics=40', '.'],
      remedy: 'node_modules/.bin/biome check --write . fixes the format, the order of imports and some other problems.',
    },
    {
      name: 'layout: imports between folders, cycles, sizes, names',
      command: process.execPath,
      args: ['scripts/check/layout.mjs'],
      remedy: 'scripts/check/layout-rules.mjs lists what each folder may import.',
    },
    {
      name: 'format: C',
      command: 'clang-format',
      args: ['--dry-run', '-Werror', ...cSources],
      remedy: 'clang-format -i FILE fixes it. Use version 14, as in Debian 12.',
    },
    {
      name: 'types: packages',
      command: 'turbo',
      args: ['run', 'typecheck', '--output-logs=errors-only', '--continue'],
      remedy: 'pnpm turbo run typecheck shows the same.',
    },
    {
      name: 'types: scripts',
      command: 'tsc',
      args: ['-p', 'scripts/tsconfig.json'],
      remedy: 'node_modules/.bin/tsc -p scripts/tsconfig.json shows the same.',
    },
    {
      name: 'dead code: files, exports, dependencies',
      command: 'knip',
      args: ['--no-progress'],
      remedy: 'Remove what is unused; knip.json has the entry points.',
    },
    {
      name: 'documents: links, anchors, paths, words, complete errors and glossary',
      command: process.execPath,
      args: ['scripts/check/docs.mjs'],
      remedy:
        'Write paths in backticks from the root. scripts/check/word-rules.mjs lists the words that are ruled out, and those to use.',
    },
    {
      name: 'words: one word per concept, in all visible text',
      command: process.execPath,
      args: ['scripts/check/words.mjs'],
      remedy:
        'Use the word that the message names. scripts/check/word-rules.mjs has the rules, the reasons and the exceptions.',
    },
    {
      name: 'generated C header is current',
      command: process.execPath,
      args: ['packages/bpf/dist/build/header.js', '--check'],
      remedy: 'pnpm --filter @packetlog/bpf build writes it; commit the file.',
    },
    {
      name: 'first load of the dashboard: at most 260 kB',
      command: process.execPath,
      args: ['scripts/first-load.mjs'],
      remedy: 'Load what the first paint does not need later: next/dynamic, import().',
    },
    {
      name: 'benchmark table of the README is current',
      command: process.execPath,
      args: ['scripts/bench-table.mjs', '--check'],
      remedy: 'node scripts/bench-table.mjs writes it; commit both.',
    },
    {
      name: 'figures of docs/trust.md are current',
      command: process.execPath,
      args: ['scripts/trust.mjs', '--check'],
      remedy: 'node scripts/trust.mjs writes them; commit both.',
    },
  ];
}
