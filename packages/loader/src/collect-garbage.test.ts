import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const SOURCE = new URL('./collect-garbage.ts', import.meta.url).href;
const COLLECTIONS = 30;

/** Resolves when another thread has collected its garbage many times, rejects with its error. */
const thread = () =>
  new Promise((resolve, reject) => {
    const code = `import(${JSON.stringify(SOURCE)}).then(({ collectGarbage }) => {
      for (let i = 0; i < ${COLLECTIONS}; i++) collectGarbage();
    })`;
    new Worker(code, { eval: true }).once('error', reject).once('exit', resolve);
  });

it('collects on several threads at the same time', async () => {
  expect(await Promise.all([thread(), thread(), thread()])).toEqual([0, 0, 0]);
});
