/** Rejections of questions about recorded packets. */
import type { Rejection } from '@packetlog/common';
import type { PastAnswer } from '../ipc/past-access.ts';

const RETRY_MS = 1000;

export function rejected(error: Rejection): PastAnswer {
  return { ok: false, error };
}

export const INVALID = rejected({ code: 'invalid', message: 'The request is not valid.' });
export const INTERNAL = rejected({
  code: 'internal',
  message: 'The loader failed to answer this. See its log for the cause, and ask again.',
});
export const FORBIDDEN = rejected({
  code: 'forbidden',
  message:
    'This connection is read-only. Open the second URL that packetlog printed when it started, the one with admin_token.',
});
export const REPLACED = rejected({
  code: 'unavailable',
  message: 'A newer question of the same kind replaced this one. Wait for the answer to that one.',
});
export const CANCELLED = rejected({ code: 'unavailable', message: 'The question was cancelled. Ask it again.' });
export const TOO_MANY = rejected({
  code: 'unavailable',
  message: 'Too many questions about recorded packets are waiting. Retry in a second.',
  retry_after_ms: RETRY_MS,
});
export const ENDED = rejected({
  code: 'unavailable',
  message: 'The loader is shutting down. Retry when it runs again.',
});
export const FAILED = rejected({
  code: 'unavailable',
  message: 'The thread that reads recorded packets ended; see the loader’s log. Retry in a second.',
  retry_after_ms: RETRY_MS,
});
