/** How clients of the server ask about recorded packets. The answers come from the core's thread for them. */
import {
  type Acknowledgement,
  type Bookmark,
  type PastBookmarkRequest,
  type PastFacts,
  type PastUnbookmarkRequest,
  type PastVerb,
  pastRequestSchemas,
  type Rejection,
} from '@packetlog/common';
import type { RemoteCaller } from './rules-access.ts';

export const PAST_VERBS = Object.keys(pastRequestSchemas) as [PastVerb, ...PastVerb[]];

/** `json`: the value as JSON, because it passes through two threads and two processes. */
export type PastAnswer =
  | { readonly ok: true; readonly json: string }
  | { readonly ok: false; readonly error: Rejection };

/** Who asks, as the core has checked. */
export interface PastCaller {
  /** Number of the client: a newer question of the same kind replaces an older one. */
  readonly client: number;
  readonly mayChange: boolean;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

export interface PastAccess {
  /** Never rejects. */
  ask(verb: PastVerb, request: unknown, caller: PastCaller): Promise<PastAnswer>;
}

export type BookmarkAnswer<Value> = Acknowledgement<Value>;

/** How the core keeps ranges from being deleted. */
export interface BookmarkAccess {
  add(request: PastBookmarkRequest): Promise<BookmarkAnswer<Bookmark>>;
  remove(id: number): Promise<BookmarkAnswer<{ id: number }>>;
}

/** What commands on this machine ask the running loader. */
export const LOCAL_PAST_VERBS = ['facts', 'bookmark', 'unbookmark'] as const;
export type LocalPastVerb = (typeof LOCAL_PAST_VERBS)[number];

export interface LocalPastRequests {
  readonly facts: Readonly<Record<string, never>>;
  readonly bookmark: PastBookmarkRequest;
  readonly unbookmark: PastUnbookmarkRequest;
}

export interface LocalPastAnswers {
  readonly facts: Acknowledgement<PastFacts>;
  readonly bookmark: BookmarkAnswer<Bookmark>;
  readonly unbookmark: BookmarkAnswer<{ id: number }>;
}

/** The questions of clients of the server. */
export interface PastForClients {
  /** Rejects if the core has ended, or the client has gone. */
  ask(verb: PastVerb, request: unknown, caller: RemoteCaller): Promise<PastAnswer>;
}

/** The answer where nothing is recorded. */
export const NOT_RECORDED: PastAnswer = {
  ok: false,
  error: {
    code: 'unavailable',
    message: 'Packets are not recorded. Start packetlog with --record on (docs/history.md).',
  },
};
