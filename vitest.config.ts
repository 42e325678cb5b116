const SECOND = 1000;

/** What changes the machine, measures it, or sends as much as it can take: one at a time, after all others. */
const WHOLE_MACHINE = [
  'tests/e2e/{cpu-hotplug,enforcing,fan-out,flood,known-traffic,overload,take-over,upgrade}.test.ts',
  'tests/rules/replacement.test.ts',
  'tests/sequence/sequence.test.ts',
];

/** What replaces modules of the source: each in a process of its own, since unit tests share theirs and its modules. */
const MODULES_REPLACED = ['packages/loader/src/reader/watched-interfaces.test.ts'];

// A plain object: vitest is a dependency of the packages, not of the root.
export default {
  test: {
    reporters: ['default', './scripts/test-counts.mjs'],
    // For a machine that is busy: what goes wrong is told by a test's own conditions before that.
    testTimeout: 400 * SECOND,
    hookTimeout: 200 * SECOND,
    maxWorkers: '100%',
    coverage: {
      provider: 'custom',
      customProviderModule: './tests/node_modules/@vitest/coverage-v8/dist/index.js',
      reporter: ['text-summary'],
      include: ['packages/*/src/**/*.ts', 'apps/dashboard/src/**/*.{ts,tsx}'],
      exclude: ['**/*.test.ts', '**/*.d.ts'],
    },
    projects: [
      'apps/dashboard',
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs'],
          exclude: ['**/node_modules/**', ...MODULES_REPLACED],
          // A process for each file would take longer than the tests. So they leave nothing changed behind them.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'unit, modules replaced', include: MODULES_REPLACED, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'kernel and browser',
          include: ['tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...WHOLE_MACHINE],
          // Each waits most of the time, in namespaces of its own.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'whole machine',
          include: WHOLE_MACHINE,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
};
