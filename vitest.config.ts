const SECOND = 1000;

// A plain object: vitest is a dependency of the packages, not of the root.
export default {
  test: {
    reporters: ['default', './scripts/test-counts.mjs'],
    testTimeout: 30 * SECOND,
    hookTimeout: 60 * SECOND,
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
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel and browser',
          include: ['tests/**/*.test.ts'],
          // They share one kernel, and two cores: one file at a time, after the unit tests.
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
};
