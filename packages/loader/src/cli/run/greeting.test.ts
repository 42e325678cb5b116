import { expect, it } from 'vitest';
import type { Ready } from '../../reader/drain-thread.ts';
import { watchingText } from './greeting.ts';

const entry = (name: string, state: 'attached' | 'gone' | 'waiting') =>
  ({ name, state }) as Ready['interfaces'][number];

it.each([
  [[entry('eth0', 'attached'), entry('eth1', 'gone')], 'Watching eth0, eth1'],
  [[entry('eth0', 'attached'), entry('wg0', 'waiting')], 'Watching eth0; Waiting for wg0'],
  [[entry('wg0', 'waiting'), entry('wg1', 'waiting')], 'Waiting for wg0, wg1'],
] as const)('the service manager is told what is watched and what is waited for: %#', (interfaces, text) => {
  expect(watchingText([...interfaces])).toBe(text);
});
