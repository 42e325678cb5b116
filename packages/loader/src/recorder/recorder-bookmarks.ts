/** Passes bookmarks to the recorder's thread, and its answers back. */
import type { Bookmark, PastBookmarkRequest, Rejection } from '@packetlog/common';
import type { BookmarkAccess, BookmarkAnswer } from '../ipc/past-access.ts';
import type { FromRecorder, ToRecorderThread } from './recorder-messages.ts';
import type { BookmarkResult } from './writer/kept-bookmarks.ts';

type Answer = Extract<FromRecorder, { type: 'bookmarked' | 'unbookmarked' }>;

const NS_PER_MS = 1_000_000n;
const RETRY_MS = 2000;

export class RecorderBookmarks implements BookmarkAccess {
  readonly #send: (message: ToRecorderThread) => void;
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  #requests = 0;
  #hasEnded = false;

  constructor(send: (message: ToRecorderThread) => void) {
    this.#send = send;
  }

  async add({ from_ms, to_ms, note }: PastBookmarkRequest): Promise<BookmarkAnswer<Bookmark>> {
    const wanted = { fromNs: nsOf(from_ms), toNs: nsOf(to_ms), note };
    const answer = await this.#ask((request) => ({ type: 'bookmark', request, wanted }));
    if (answer?.type !== 'bookmarked' || answer.result === undefined) return NOT_NOW;
    if ('problem' in answer.result) return rejected({ code: 'invalid', message: answer.result.problem });
    return { ok: true, value: asSent(answer.result) };
  }

  async remove(id: number): Promise<BookmarkAnswer<{ id: number }>> {
    const answer = await this.#ask((request) => ({ type: 'unbookmark', request, id }));
    if (answer?.type !== 'unbookmarked' || answer.wasThere === undefined) return NOT_NOW;
    if (answer.wasThere) return { ok: true, value: { id } };
    return rejected({ code: 'invalid', message: `There is no bookmark ${id}; it may have been removed.` });
  }

  answered(answer: Answer): void {
    this.#waiting.get(answer.request)?.(answer);
    this.#waiting.delete(answer.request);
  }

  /** The thread has ended. */
  end(): void {
    this.#hasEnded = true;
    for (const settle of this.#waiting.values()) settle(undefined);
    this.#waiting.clear();
  }

  #ask(messageOf: (request: number) => ToRecorderThread): Promise<Answer | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const request = ++this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(request, resolve);
      this.#send(messageOf(request));
    });
  }
}

function asSent({ bookmark, bytes }: Extract<BookmarkResult, { bytes: number }>): Bookmark {
  const { id, from_ns, to_ns, note } = bookmark;
  return { id, from_ms: Number(from_ns / NS_PER_MS), to_ms: Number(to_ns / NS_PER_MS), note, bytes };
}

function nsOf(ms: number): bigint {
  return BigInt(Math.floor(ms)) * NS_PER_MS;
}

function rejected(error: Rejection): { readonly ok: false; readonly error: Rejection } {
  return { ok: false, error };
}

const NOT_NOW = rejected({
  code: 'unavailable',
  message: 'The disk does not take bookmarks now; see the loader’s notices. Retry in 2 s.',
  retry_after_ms: RETRY_MS,
});
