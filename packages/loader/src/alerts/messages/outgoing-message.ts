/** What a message needs besides its events, and the request that carries it. */
import type { AlertEvent } from './alert-event.ts';

export interface OutgoingMessage {
  readonly events: readonly AlertEvent[];
  /** Events that no message tells. */
  readonly more: number;
  /** Host name. */
  readonly node: string;
  /** Address of the dashboard, without a token. */
  readonly dashboard: string;
  /** Unix time, ms. */
  readonly nowMs: number;
}

/** Body, and headers besides Content-Type and Authorization. */
export interface RenderedMessage {
  readonly url: string;
  readonly body: string;
}
