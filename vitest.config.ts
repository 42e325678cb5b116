import { statSync } from 'node:fs';

const SECOND = 1000;

/** Small files that take long: they begin first, then the largest files. Otherwise they would run at the end, alone. */
const LONG = [
  'tests/attacks/expensive-questions.test.ts',
  'tests/chaos/chaos.test.ts',
  'tests/e2e/alert-conditions.test.ts',
  'tests/e2e/alert-delivery.test.ts',
  'tests/e2e/doctor.test.ts',
  'tests/e2e/gallery.test.ts',
  'tests/e2e/idle.test.ts',
  'tests/e2e/lighthouse.test.ts',
  'tests/e2e/old-connection.test.ts',
  'tests/e2e/recorder.test.ts',
  'tests/e2e/rules-page.test.ts',
  'tests/e2e/time-travel.test.ts',
  'tests/filter/past.test.ts',
  'tests/fleet/history.test.ts',
  'tests/fleet/rollout.test.ts',
  'tests/fuzz/fuzzer.test.ts',
  'tests/rules/compiled-rules.test.ts',
  'tests/segments/clickhouse.test.ts',
];

interface TestFile {
  readonly moduleId: string;
}

/** The same order in every run: a part of the tests cannot depend on what failed or took long before. */
class LongestFirst {
  async sort<File extends TestFile>(files: File[]): Promise<File[]> {
    const length = ({ moduleId }: TestFile) =>
      LONG.some((path) => moduleId.endsWith(path)) ? Number.POSITIVE_INFINITY : statSync(moduleId).size;
    const lengths = new Map(files.map((file) => [file, length(file)]));
    return files.toSorted((one, other) =>
      lengths.get(one) === lengths.get(other) ? 0 : (lengths.get(other) ?? 0) - (lengths.get(one) ?? 0),
    );
  }

  async shard<File extends TestFile>(files: File[]): Promise<File[]> {
    return files;
  }
}

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
    sequence: { sequencer: LongestFirst },
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
