/**
 * The steps of `pnpm check`. Each is one command; exit code 0 means nothing found.
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
      remedy: 'node_modules/.bin/biome check --write . mends the format, the order of imports and some of the rest.',
    },
    {
      name: 'layout: imports between folders, circles, sizes, names',
      command: process.execPath,
      args: ['scripts/check/layout.mjs'],
      remedy: 'scripts/check/layout-rules.mjs says what each folder may import.',
    },
    {
      name: 'format: C',
      command: 'clang-format',
      args: ['--dry-run', '-Werror', ...cSources],
      remedy: 'clang-format -i FILE mends it. The version that counts is 14, of Debian 12.',
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
      remedy: 'Remove what nobody uses; knip.json holds the entry points.',
    },
    {
      name: 'documents: links, anchors, paths, words, length of ARCHITECTURE.md',
      command: process.execPath,
      args: ['scripts/check/docs.mjs'],
      remedy: 'Write paths in backticks from the root. scripts/check/word-rules.mjs holds the words, and those to use.',
    },
    {
      name: 'words: one for each thing, in all text that is shown',
      command: process.execPath,
      args: ['scripts/check/words.mjs'],
      remedy: 'Use the word that is named. scripts/check/word-rules.mjs holds the words, why, and exceptions.',
    },
    {
      name: 'generated C header is fresh',
      command: process.execPath,
      args: ['packages/bpf/dist/build/header.js', '--check'],
      remedy: 'pnpm --filter @packetlog/bpf build writes it; commit the file.',
    },
    {
      name: 'first load of the dashboard: at most 260 kB',
      command: process.execPath,
      args: ['scripts/first-load.mjs'],
      remedy: 'Fetch what the first paint does not need when it is needed: next/dynamic, import().',
    },
    {
      name: "the README's table is that of bench/results.json",
      command: process.execPath,
      args: ['scripts/bench-table.mjs', '--check'],
      remedy: 'node scripts/bench-table.mjs writes it; commit both.',
    },
  ];
}
