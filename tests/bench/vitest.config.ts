export default {
  test: {
    include: ['tests/bench/*.bench.ts'],
    fileParallelism: false,
    reporters: ['dot'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
};
