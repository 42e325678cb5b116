export default {
  test: {
    include: ['tests/bench/*.bench.ts'],
    fileParallelism: false,
    reporters: ['dot'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
};
