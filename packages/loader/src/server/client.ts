/** One connected client: its subscription, its stream and its send queue. */
import {
  type ClientToServerEvents,
  type Findings,
  handshakeSchema,
  type ServerToClientEvents,
} from '@packetlog/common';
import type { Socket } from 'socket.io';
import type { RemoteCaller } from '../ipc/rules-access.ts';
import type { LineLimit } from '../line-limit.ts';
import type { ClientBudget } from './access/budget.ts';
import { ClientMessages } from './client-messages.ts';
import type { SummedFilter } from './live/live-sums.ts';
import { ClientStream } from './streams/client-stream.ts';
import { write } from './streams/frames.ts';
import type { RowStreams, Subscription } from './streams/row-streams.ts';
import { SendQueue } from './streams/send-queue.ts';
import { CAN_WAIT_MS, type WorkQueue } from './streams/work-queue.ts';

export type ClientSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

export class Client {
  readonly socket: ClientSocket;
  /** What its limits are by: its address (see peer-address.ts), or the person that came through a hub. */
  readonly peer: string;
  /** Whether the client may change rules. */
  readonly isAdmin: boolean;
  /** For the core, one object for all requests of this client. */
  readonly caller: RemoteCaller;
  readonly sendQueue: SendQueue;
  readonly stream: ClientStream;
  readonly messages: ClientMessages;
  readonly #streams: RowStreams;
  readonly #budget: ClientBudget;
  /** The last subscription; takes effect when the drain thread passes on enough rows. */
  requested: Subscription | undefined;
  /** The filter whose live sums it asks for. */
  summed: SummedFilter | undefined;
  /** The findings that were sent to it last. */
  findings: Findings | undefined;
  pauseRequested = false;
  badMessages = 0;
  /** The connection is being closed without waiting for the client. */
  givenUp = false;
  #subscription: Subscription | undefined;
  #paused = false;

  constructor(
    socket: ClientSocket,
    peer: string,
    streams: RowStreams,
    isAdmin: boolean,
    budget: ClientBudget,
    lines: LineLimit,
    work: WorkQueue,
  ) {
    this.socket = socket;
    this.peer = peer;
    this.isAdmin = isAdmin;
    this.caller = callerOf(socket);
    this.#streams = streams;
    this.#budget = budget;
    this.sendQueue = new SendQueue(
      (message, sent) => write(socket.conn, message, sent),
      streams.context.clock.now,
      work.run,
    );
    this.stream = new ClientStream(this.sendQueue, streams.context);
    socket.conn.on('packet', work.rowsFirst);
    // What an administrator requests does not wait for the others.
    const run = isAdmin ? (answer: () => void) => answer() : (answer: () => void) => work.run(answer, CAN_WAIT_MS);
    this.messages = new ClientMessages(this, lines, budget, run);
  }

  /** Rows per second that the client can use. A filter and live sums have to see every row. */
  get rowsWanted(): number {
    if (this.summed !== undefined) return Number.POSITIVE_INFINITY;
    if (this.requested === undefined || this.pauseRequested || this.requested.rowsPerSecond === 0) return 0;
    return this.requested.filter === undefined ? this.requested.rowsPerSecond : Number.POSITIVE_INFINITY;
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

  /** Ends the connection without waiting for the client to read its queue. */
  terminate(): void {
    this.givenUp = true;
    this.socket.request.socket.destroy();
  }

  /** Rows that pass before the first subscription are not counted for this client. */
  #follow(): void {
    if (this.#subscription === undefined) return;
    this.#streams.follow(this.stream, this.#paused ? undefined : this.#subscription);
  }
}

function callerOf(socket: ClientSocket): RemoteCaller {
  const { address, auth } = socket.handshake;
  const gone = new AbortController();
  socket.once('disconnect', () => gone.abort());
  return { address, adminToken: handshakeSchema.safeParse(auth).data?.admin_token, gone: gone.signal };
}
