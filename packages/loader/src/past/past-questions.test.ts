import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ALL, removePast, writePast } from '../../test/support/past-fixture.ts';
import type { BookmarkAccess, PastCaller } from '../ipc/past-access.ts';
import { EMPTY_RULESET } from '../rules/ruleset/ruleset.ts';
import { PastQuestions, type PastQuestionsOptions } from './past-questions.ts';

const RANGE = { from_ms: 0, to_ms: 4e12 };
const IDLE_MS = 50;
const trial = () => ({ current: EMPTY_RULESET, protectedNow: [] });
const recorder = () => ({ bytes: 1, max_bytes: 2, is_anonymized: false });

let directory = '';
let questions: PastQuestions;
const failed = vi.fn();
const bookmarks = {
  add: vi.fn<BookmarkAccess['add']>(async (request) => ({ ok: true, value: { id: 1, bytes: 2, ...request } })),
  remove: vi.fn<BookmarkAccess['remove']>(async (id) => ({ ok: true, value: { id } })),
};
let clients = 0;

beforeEach(() => {
  failed.mockReset();
  directory = writePast();
  questions = start({ idleMs: IDLE_MS });
});
afterEach(async () => {
  await questions.close();
  removePast(directory);
});

function start(more: Partial<PastQuestionsOptions>): PastQuestions {
  // Node.js strips the types of the thread.
  const thread = new URL('./past-thread.ts', import.meta.url);
  return new PastQuestions({
    ...{ directory, recorder, bookmarks, trial, failed, thread, ...more },
    tables: () => '/proc/self/net',
  });
}

const caller = (more: Partial<PastCaller> = {}): PastCaller => ({
  client: ++clients,
  mayChange: false,
  gone: new AbortController().signal,
  ...more,
});
const unavailable = (message: RegExp) => ({
  ok: false,
  error: { code: 'unavailable', message: expect.stringMatching(message) },
});

describe('the thread for questions', () => {
  it('starts with the first question, answers it, and ends when it is idle', async () => {
    expect(questions.isRunning).toBe(false);
    const answer = await questions.ask('rates', { ...RANGE, max_steps: 5 }, caller());
    expect(questions.isRunning).toBe(true);
    if (!answer.ok) throw new Error(answer.error.message);
    expect(JSON.parse(answer.json)).toMatchObject({ coverage: { records: ALL.length } });
    await vi.waitUntil(() => !questions.isRunning, 20_000);
    expect(await questions.ask('facts', {}, caller())).toMatchObject({ ok: true });
    expect(failed).not.toHaveBeenCalled();
  });

  it('rejects an older question of a client for a newer one of the same kind', async () => {
    const one = caller();
    const older = questions.ask('top', RANGE, one);
    const other = questions.ask('top', RANGE, caller());
    const rates = questions.ask('rates', { ...RANGE, max_steps: 5 }, one);
    const newer = questions.ask('top', { ...RANGE, limit: 3 }, one);
    expect(await older).toEqual(unavailable(/newer question of the same kind/));
    expect(await Promise.all([other, rates, newer])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
  });

  it('gives up a question whose client has gone', async () => {
    const gone = new AbortController();
    const answer = questions.ask('top', RANGE, caller({ gone: gone.signal }));
    gone.abort();
    expect((await answer).ok).toBe(false);
    expect((await questions.ask('top', RANGE, caller({ gone: gone.signal }))).ok).toBe(false);
    expect(await questions.ask('facts', {}, caller())).toMatchObject({ ok: true });
  });

  it('lets 16 questions of read-only clients wait, and 32 in all', async () => {
    const readers = Array.from({ length: 17 }, () => questions.ask('facts', {}, caller()));
    const tooMany = { ...unavailable(/Retry in a second/), error: expect.objectContaining({ retry_after_ms: 1000 }) };
    expect(await readers.at(-1)).toMatchObject(tooMany);
    const admins = Array.from({ length: 17 }, () => questions.ask('facts', {}, caller({ mayChange: true })));
    expect(await admins.at(-1)).toMatchObject(tooMany);
    const answers = await Promise.all([...readers.slice(0, 16), ...admins.slice(0, 16)]);
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });

  it.each([
    ['a request that is nested too deeply', JSON.parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)],
    ['no request', undefined],
    ['a range beyond the end of time', { from_ms: 0, to_ms: 1e300, max_steps: 3 }],
    ['a filter that does not parse', { ...RANGE, max_steps: 3, filter: 'tcp prot' }],
  ])('rejects %s from a server that checks nothing', async (_, request) => {
    expect(await questions.ask('rates', request, caller())).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(await questions.ask('facts', {}, caller())).toMatchObject({ ok: true });
  });

  it('logs a fault of the loader, and does not blame the request for it', async () => {
    await questions.close();
    const fault = new TypeError('there are no facts');
    const facts = vi.fn(recorder).mockImplementationOnce(() => {
      throw fault;
    });
    questions = start({ recorder: facts });
    expect(await questions.ask('facts', {}, caller())).toEqual({
      ok: false,
      error: {
        code: 'internal',
        message: 'The loader failed to answer this. See its log for the cause, and ask again.',
      },
    });
    expect(failed.mock.calls).toEqual([[fault]]);
    expect(await questions.ask('facts', {}, caller())).toMatchObject({ ok: true });
  });

  it('logs rules that cannot be sent to the thread', async () => {
    await questions.close();
    questions = start({ trial: () => ({ ...trial(), protectedNow: [() => {}] as never }) });
    const request = { ...RANGE, rules: [] };
    expect(await questions.ask('dry_run', request, caller())).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(failed).toHaveBeenCalledOnce();
  });

  it('answers all when it is closed', async () => {
    const answer = questions.ask('top', RANGE, caller());
    await questions.close();
    expect(await answer).toEqual(unavailable(/shutting down/));
  });

  it('that has ended is reported, and the next question starts another one', async () => {
    await questions.close();
    questions = start({ thread: new URL('./no-such-thread.ts', import.meta.url) });
    expect(await questions.ask('facts', {}, caller())).toMatchObject(unavailableWithRetry());
    expect(failed).toHaveBeenCalled();
  });
});

describe('learning rules', () => {
  it('is answered, can be cancelled, and the next question is answered', async () => {
    const one = caller();
    const cancelled = questions.ask('learn', { ...RANGE, filter: 'tcp' }, one);
    expect(await questions.ask('cancel', { question: 'learn' }, one)).toEqual({ ok: true, json: '{"cancelled":true}' });
    expect(await cancelled).toEqual(unavailable(/was cancelled/));
    const answer = await questions.ask('learn', { ...RANGE, filter: 'tcp' }, one);
    if (!answer.ok) throw new Error(answer.error.message);
    const members = new Set(ALL.filter(({ ip_protocol }) => ip_protocol === 6).map(({ src_addr }) => src_addr));
    expect(JSON.parse(answer.json)).toMatchObject({
      sources: { distinct: members.size },
      coverage: { records: ALL.length },
    });
  });
});

describe('a dry run', () => {
  const deny = { action: 'deny', source: 'any', protocol: 'tcp' };

  it('reports what rules would have denied', async () => {
    const answer = await questions.ask('dry_run', { ...RANGE, add: deny }, caller());
    if (!answer.ok) throw new Error(answer.error.message);
    const tcp = ALL.filter(({ ip_protocol }) => ip_protocol === 6);
    expect(JSON.parse(answer.json)).toMatchObject({
      records: ALL.length,
      denied: { packets: tcp.reduce((sum, { weight }) => sum + weight, 0) },
      by_rule: [{ draft: 0 }],
      incomplete: { is_partial: false, segments: 6, evaluated_segments: 6 },
    });
  });

  it('can be cancelled, and the next one takes place', async () => {
    const one = caller();
    const answer = questions.ask('dry_run', { ...RANGE, add: deny }, one);
    const other = questions.ask('cancel', { question: 'dry_run' }, caller());
    expect(await other).toEqual({ ok: true, json: '{"cancelled":false}' });
    expect(await questions.ask('cancel', { question: 'dry_run' }, one)).toEqual({
      ok: true,
      json: '{"cancelled":true}',
    });
    expect(await answer).toEqual(unavailable(/was cancelled/));
    expect(await questions.ask('dry_run', { ...RANGE, default_policy: 'deny' }, one)).toMatchObject({ ok: true });
  });

  it.each([
    [{ ...RANGE }, /Give `rules`, `add` or `default_policy`/],
    [{ ...RANGE, add: { ...deny, source: 'set:none' } }, /none/],
    [{ ...RANGE, add: { ...deny, source: '192.0.2.300' } }, /add\.source/],
    [{ ...RANGE, add: deny, seconds: 3 }, /seconds/],
    [{ add: deny }, /from_ms/],
  ])('is rejected with the reason: %j', async (request, reason) => {
    const answer = await questions.ask('dry_run', request, caller());
    expect(answer).toEqual({ ok: false, error: { code: 'invalid', message: expect.stringMatching(reason) } });
  });
});

describe('bookmarks', () => {
  const bookmark = { ...RANGE, note: 'the attack' };

  it('are changed with the admin token only', async () => {
    for (const [verb, request] of [
      ['bookmark', bookmark],
      ['unbookmark', { id: 1 }],
    ] as const) {
      expect(await questions.ask(verb, request, caller())).toMatchObject({ ok: false, error: { code: 'forbidden' } });
    }
    expect(bookmarks.add).not.toHaveBeenCalled();
    expect(bookmarks.remove).not.toHaveBeenCalled();
    const admin = caller({ mayChange: true });
    const added = await questions.ask('bookmark', bookmark, admin);
    expect(added).toEqual({ ok: true, json: JSON.stringify({ id: 1, bytes: 2, ...bookmark }) });
    expect(await questions.ask('unbookmark', { id: 1 }, admin)).toEqual({ ok: true, json: '{"id":1}' });
  });

  it.each([
    { ...bookmark, note: 'two\nlines' },
    { ...bookmark, note: '\u001b[31m' },
    { ...bookmark, note: 'x'.repeat(201) },
    { ...bookmark, to_ms: 0 },
    { ...bookmark, id: 7 },
    undefined,
  ])('are rejected if the request is invalid: %j', async (request) => {
    const admin = caller({ mayChange: true });
    expect(await questions.ask('bookmark', request, admin)).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });
});

const unavailableWithRetry = () => ({ ok: false, error: { code: 'unavailable', retry_after_ms: 1000 } });
