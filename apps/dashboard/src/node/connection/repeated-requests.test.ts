import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RepeatedRequests } from './repeated-requests.ts';

const busy = (retry_after_ms: number) => ({
  ok: false as const,
  error: { code: 'invalid' as const, message: 'Too many.', retry_after_ms },
});
const ACCEPTED = { ok: true as const, value: {} };

const emit = vi.fn<RepeatedRequests['ask']>();
const rejected = vi.fn();
const answer = (at: number, acknowledgement: Parameters<Parameters<RepeatedRequests['ask']>[2]>[0]) =>
  emit.mock.calls[at]?.[2](acknowledgement);
let requests: RepeatedRequests;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  emit.mockClear();
  rejected.mockClear();
  requests = new RepeatedRequests(emit, rejected);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('answers a request once if it is superseded during its repetition', () => {
  const answered = vi.fn();
  requests.ask('subscribe', { filter: 'port 1' }, answered);
  answer(0, busy(1000));
  vi.advanceTimersByTime(1000);
  expect(emit).toHaveBeenCalledTimes(2);
  requests.ask('subscribe', { filter: 'port 2' }, () => {});
  expect(answered).not.toHaveBeenCalled();
  answer(1, ACCEPTED);
  expect(answered.mock.calls).toEqual([[ACCEPTED]]);
});

it('waits longer after each rejection, and reports only the first one', () => {
  requests.ask('subscribe', {}, () => {});
  answer(0, busy(0));
  vi.advanceTimersByTime(2);
  answer(1, busy(0));
  vi.advanceTimersByTime(3);
  expect(emit).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1);
  expect(emit).toHaveBeenCalledTimes(3);
  expect(rejected).toHaveBeenCalledOnce();
});
