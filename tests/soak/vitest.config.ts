const HOUR = 3_600_000;

export default {
  test: {
    include: ['tests/soak/*.soak.ts'],
    fileParallelism: false,
    reporters: ['dot'],
    testTimeout: 25 * HOUR,
    hookTimeout: 60_000,
  },
};
