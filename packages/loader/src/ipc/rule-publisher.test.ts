import { describe, expect, it } from 'vitest';
import { SetupError, toPlain } from '../errors/setup-error.ts';
import type { ToDrain } from './messages.ts';
import { RulePublisher } from './rule-publisher.ts';

const image = new SharedArrayBuffer(64);

function publisher() {
  const sent: ToDrain[] = [];
  return { sent, rules: new RulePublisher((message) => sent.push(message)) };
}

describe('a rule set', () => {
  it('is in force when the drain thread has answered for it, and not for another', async () => {
    const { sent, rules } = publisher();
    const done: string[] = [];
    const first = rules.publish('confirmed', image).then(() => done.push('first'));
    const second = rules.publish('provisional', undefined, [7]).then(() => done.push('second'));
    expect(sent).toEqual([
      { type: 'rules', request: 1, slot: 'confirmed', image, freshCounters: [], owners: new Map() },
      { type: 'rules', request: 2, slot: 'provisional', image: undefined, freshCounters: [7], owners: new Map() },
    ]);
    rules.answered({ type: 'rules', request: 2, error: undefined });
    await second;
    expect(done).toEqual(['second']);
    rules.answered({ type: 'rules', request: 1, error: undefined });
    await first;
    expect(done).toEqual(['second', 'first']);
  });

  it('that the kernel rejects is rejected with the same error', async () => {
    const { rules } = publisher();
    const publishing = rules.publish('confirmed', image);
    const error = new SetupError({ step: 'make', target: 'rule image', errno: 12, exit: 'failed' });
    rules.answered({ type: 'rules', request: 1, error: toPlain(error) });
    await expect(publishing).rejects.toEqual(error);
  });

  it('is rejected when the drain thread ends before or after it was sent', async () => {
    const { rules } = publisher();
    const publishing = rules.publish('confirmed', image);
    rules.fail(new Error('gone'));
    await expect(publishing).rejects.toThrow('gone');
    await expect(rules.publish('confirmed', image)).rejects.toThrow('gone');
  });
});

it('counters are returned with their current values', async () => {
  const { sent, rules } = publisher();
  const counts = rules.counts([3]);
  expect(sent).toEqual([{ type: 'rule-counts', request: 1, slots: [3] }]);
  const ruleCounts = [{ slot: 3, packets: 1, bytes: 60, last_seen_ms: 1000 }];
  rules.answered({ type: 'rule-counts', request: 1, ruleCounts });
  await expect(counts).resolves.toEqual(ruleCounts);
});
