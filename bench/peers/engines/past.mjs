/** The loader's thread for questions about recorded packets: {"do":"open","directory":path}, {"do":"ask","verb":…,"request":…}. */
import { PastQuestions } from '../../../packages/loader/dist/past/past-questions.js';
import { measured, serve } from './serve.mjs';

/** @type {PastQuestions} */
let questions;

const unused = () => {
  throw new Error('not part of the benchmark');
};

await serve({
  open: ({ directory }) => {
    questions = new PastQuestions({
      directory,
      recorder: () => ({ bytes: 0, max_bytes: 0, is_anonymized: false }),
      bookmarks: { add: unused, remove: unused },
      trial: unused,
      tables: () => '/proc/net',
      failed: (error) => process.stderr.write(`${error.message}\n`),
    });
    return {};
  },
  ask: async ({ verb, request }) => {
    const caller = { client: 1, mayChange: false, gone: new AbortController().signal };
    const { value, ...cost } = await measured(() => questions.ask(verb, request, caller));
    if (!value.ok) throw new Error(value.error.message);
    return { characters: value.json.length, packets: JSON.parse(value.json).coverage?.packets, ...cost };
  },
});
