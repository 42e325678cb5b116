import type { RulesAnswer } from '@packetlog/common';
import { ASKED_EVENTS } from '@packetlog/common/fleet';
import { expect, it } from 'vitest';
import type { PastAnswer } from '../ipc/past-access.ts';
import type { RemoteCaller } from '../ipc/rules-access.ts';
import { AskedEvents } from './asked-events.ts';
import { lookups } from './lookups.ts';

function questions(past: PastAnswer = { ok: true, json: '"facts"' }) {
  const callers: RemoteCaller[] = [];
  const answers = lookups({
    past: {
      ask: async (_, __, caller) => {
        callers.push(caller);
        return past;
      },
    },
    rules: { limits: async () => ({ ok: true, value: { at_ms: 1, limits: [] } }) },
    history: { answer: () => ({}) as never, top: () => ({}) as never },
    ...{ listeners: undefined, reverseNames: undefined, places: undefined },
    lines: { warn: () => {} },
  });
  const asked = new AskedEvents(answers, {
    ask: async (verb, _, caller) => {
      callers.push(caller);
      return { ok: true, value: verb } as unknown as RulesAnswer<typeof verb>;
    },
  });
  const ask = async (...given: Parameters<AskedEvents['answer']>) => JSON.parse((await asked.answer(...given)).json);
  return { callers, ask };
}

it('answers as for a read-only client, and each question apart from the others', async () => {
  const { callers, ask } = questions();
  expect(await ask('past:facts', {})).toEqual({ ok: true, value: 'facts' });
  expect(await ask('rules:list', {})).toEqual({ ok: true, value: 'list' });
  expect(callers.map(({ adminToken }) => adminToken)).toEqual([undefined, undefined]);
  expect(callers[0]).not.toBe(callers[1]);
});

it('has an answer to each question of the protocol', async () => {
  const { ask } = questions();
  for (const event of ASKED_EVENTS) {
    const answer = await ask(event, {});
    expect(answer.error?.message ?? '').not.toContain('Update the node');
  }
});

it('rejects what is malformed or too long, and passes on what the core rejects', async () => {
  const { ask } = questions();
  expect(await ask('past:rates', { from_ms: 'x' })).toMatchObject({ ok: false, error: { code: 'invalid' } });
  const long = questions({ ok: true, json: JSON.stringify('x'.repeat(5_000_000)) });
  expect(await long.ask('past:facts', {})).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  const error = { code: 'unavailable', message: 'Nothing is recorded.' } as const;
  expect(await questions({ ok: false, error }).ask('past:facts', {})).toEqual({ ok: false, error });
});
