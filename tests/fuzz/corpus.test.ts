/** The kept inputs of `pnpm test:fuzz` run every block that was ever found; none of them is an error. */
import { describe, expect, test } from 'vitest';
import { readCorpus } from './corpus.ts';
import { loadTargets } from './targets.ts';

describe('the corpus', async () => {
  test.each(await loadTargets())('$name', ({ name, run }) => {
    const corpus = readCorpus(name);
    // Few inputs run all blocks of a small target.
    expect(corpus.length).toBeGreaterThan(3);
    for (const input of corpus) run(input);
  });
});
