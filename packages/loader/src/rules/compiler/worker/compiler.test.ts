import { afterEach, beforeEach, expect, it } from 'vitest';
import { RuleImage } from '../../evaluator/rule-image.ts';
import { RulesCompileError } from '../compile-error.ts';
import { Compiler } from './compiler.ts';
import type { CompileJob } from './jobs.ts';

/** The thread is compiled JavaScript; this test runs from the source. */
const THREAD = new URL('../../../../dist/rules/compiler/worker/compile-thread.js', import.meta.url);

let compiler: Compiler;
beforeEach(() => {
  compiler = new Compiler(THREAD);
});
afterEach(() => compiler.close());

const COUNT = 30_000;
const listOf = (count: number) =>
  Buffer.from(Array.from({ length: count }, (_, i) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}\n`).join(''));
const job = (sets: CompileJob['sets'], names: string[]): CompileJob => ({
  rules: names.map((name, i) => ({
    id: i + 1,
    action: 'deny',
    source: `set:${name}`,
    reason: '',
    created_by: 'test',
    created_at: '2026-01-01T00:00:00.000Z',
  })),
  defaultPolicy: 'permit',
  sets,
  interfaceSlots: new Map(),
  counters: { limit: 4, previous: new Map() },
});
const denies = (image: SharedArrayBuffer, address: number) =>
  new RuleImage(new Uint8Array(image)).verdict(
    {
      ...{ etherType: 0x0800, ipProtocol: 6, source: [address], destinationPort: 1, interfaceSlot: 1 },
      ...{ destination: undefined, tcpFlags: 0, length: 60, isFragment: false },
    },
    0n,
  ).action === 'deny';

it.each([
  ['a short list in this thread', 100],
  ['a long list in the worker', COUNT],
])('compiles %s', async (_, count) => {
  const { list, badLineCount } = await compiler.parse(listOf(count));
  expect({ entries: list.ipv4.bits.length, badLineCount }).toEqual({ entries: count, badLineCount: 0 });
  const { image, counterSlots } = await compiler.compile(job(new Map([['feed', list]]), ['feed']));
  expect(counterSlots).toEqual(new Map([[1, 1]]));
  expect(denies(image, 0x0a00_0000 + count - 1)).toBe(true);
  expect(denies(image, 0x0a00_0000 + count)).toBe(false);
});

it('does not block this thread while it compiles', async () => {
  const { list } = await compiler.parse(listOf(COUNT));
  let turns = 0;
  const count = () => {
    turns++;
    if (turns < 1_000_000) setImmediate(count);
  };
  setImmediate(count);
  await compiler.compile(job(new Map([['feed', list]]), ['feed']));
  expect(turns).toBeGreaterThan(10);
  turns = 1_000_000;
});

it('rejects in the worker as in this thread', async () => {
  const { list } = await compiler.parse(listOf(COUNT));
  const sets = new Map(['a', 'b', 'c', 'd'].map((name) => [name, list]));
  await expect(compiler.compile(job(sets, ['a', 'b', 'c', 'd']))).rejects.toThrow(RulesCompileError);
  await expect(compiler.compile(job(sets, ['a', 'b', 'c', 'd']))).rejects.toMatchObject({ code: 'limit', limit: 3 });
});

it('reports that the worker cannot run, and continues with small jobs in this thread', async () => {
  const broken = new Compiler(new URL('file:///nonexistent/thread.js'));
  await expect(broken.parse(listOf(COUNT))).rejects.toThrow();
  expect((await broken.parse(listOf(3))).list.ipv4.bits).toHaveLength(3);
  await broken.close();
});
