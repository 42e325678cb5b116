import { defineConfig } from 'vitest/config';

export default defineConfig({
  // A fixed zone, so that clock texts in tests are the same everywhere.
  test: { include: ['src/**/*.test.ts'], env: { TZ: 'UTC' }, isolate: false, maxWorkers: '100%' },
});
