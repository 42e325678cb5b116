/** One connected client: what it asked for, what it follows, what waits for it. */
import type { ClientToServerEvents, ServerToClientEvents } from '@packetlog/common';
import type { Socket } from 'socket.io';
import type { ClientBudget } from './access/budget.ts';
import type { LineLimit } from './access/line-limit.ts';
import { peerOf } from './access/peer-address.ts';
import { ClientMessages } from './client-messages.ts';
import { ClientStream } from './streams/client-stream.ts';
import { write } from './streams/frames.ts';
import type { RowStreams, Subscription } from './streams/row-streams.ts';
import { SendQueue } from './streams/send-queue.ts';

export type ClientSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

export class Client {
  readonly socket: ClientSocket;
  /** Where it is (peer-address.ts). */
  readonly peer: string;
  /** Whether it may change rules. */
  readonly isAdmin: boolean;
  readonly sendQueue: SendQueue;
  readonly stream: ClientStream;
  readonly messages: ClientMessages;
  readonly #streams: RowStreams;
  readonly #budget: ClientBudget;
  /** What it asked for last; in effect when the drain thread passes on that much. */
  asked: Subscription | undefined;
  askedToPause = false;
  badMessages = 0;
  /** Its connection is being ended without waiting for it. */
  givenUp = false;
  #subscription: Subscription | undefined;
  #paused = false;

  constructor(socket: ClientSocket, streams: RowStreams, isAdmin: boolean, budget: ClientBudget, lines: LineLimit) {
    this.socket = socket;
    this.peer = peerOf(socket.handshake.address);
    this.isAdmin = isAdmin;
    this.#streams = streams;
    this.#budget = budget;
    this.sendQueue = new SendQueue((message, sent) => write(socket.conn, message, sent), streams.context.clock.now);
    this.stream = new ClientStream(this.sendQueue, streams.context);
    this.messages = new ClientMessages(this, lines, budget);
  }

  /** Rows per second of which it can use some. A filter has to see them all. */
  get rowsWanted(): number {
    if (this.asked === undefined || this.askedToPause || this.asked.rowsPerSecond === 0) return 0;
    return this.asked.filter === undefined ? this.asked.rowsPerSecond : Number.POSITIVE_INFINITY;
  }

  subscribe(subscription: Subscription): void {
    this.#subscription = subscription;
    this.#follow();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#follow();
  }

  end(): void {
    this.#streams.end(this.stream);
    this.#budget.end();
  }

  /** Ends the connection without waiting for what the client will not read. */
  terminate(): void {
    this.givenUp = true;
    this.socket.request.socket.destroy();
  }

  /** What passes before the first subscription is not meant for it. */
  #follow(): void {
    if (this.#subscription === undefined) return;
    this.#streams.follow(this.stream, this.#paused ? undefined : this.#subscription);
  }
}
