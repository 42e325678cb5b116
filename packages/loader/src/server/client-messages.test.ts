import { expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import type { LineLimit } from '../line-limit.ts';
import type { ClientBudget } from './access/budget.ts';
import type { Client } from './client.ts';
import { ClientMessages } from './client-messages.ts';

it('never rejects with a retry time of 0, even if the budget has recovered meanwhile', () => {
  const conn = { setMaxListeners: () => {}, once: () => {}, on: () => {}, transport: {} };
  const sendQueue = { length: 0, after: (act: (done: () => void) => void) => act(() => {}) };
  const client = { socket: { conn }, sendQueue } as unknown as Client;
  const budget = { take: () => false, waitMs: () => 0, debtMs: 0 } as unknown as ClientBudget;
  const acknowledge = vi.fn();
  const messages = new ClientMessages(client, {} as LineLimit, budget, (work) => work());
  messages.answer(
    () => 1,
    z.object({}),
    [{}, acknowledge],
    () => {},
  );
  const [answer] = acknowledge.mock.calls[0] ?? [];
  const error = { retry_after_ms: 1, message: expect.stringMatching(/Retry in 1 s\.$/) };
  expect(JSON.parse(answer.json)).toMatchObject({ ok: false, error });
});
