/** Row streams with clients whose clock, timers and network the test controls. */
import { PACKET_LOG_FIELDS, PacketLogBatch, parseFilter } from '@packetlog/common';
import { ClientStream } from '../../src/server/streams/client-stream.ts';
import type { Message } from '../../src/server/streams/frames.ts';
import { RowStreams, type Subscription } from '../../src/server/streams/row-streams.ts';
import { SendQueue } from '../../src/server/streams/send-queue.ts';
import { type Run, WorkQueue } from '../../src/server/streams/work-queue.ts';
import { numberedRecord } from './fake-ring.ts';

export const STRIDE = 72;
const RECORD_OFFSET = 8;
const ACTION = PACKET_LOG_FIELDS.find(({ name }) => name === 'action')?.offset ?? 0;

/** Subscriptions: all rows, a limited number of rows, and denied packets only. */
export const ALL: Subscription = { rowsPerSecond: 1_000_000_000, batchMs: 10, filter: undefined };
export const limited = (rowsPerSecond: number): Subscription => ({ ...ALL, rowsPerSecond });
export const denied: Subscription = { ...ALL, filter: parseFilter('deny') };

/** Returns the numbers from `from` to below `to`. */
export const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

export interface FakeClient {
  readonly stream: ClientStream;
  readonly sendQueue: SendQueue;
  readonly batches: PacketLogBatch[];
  /** Whether its network takes messages. */
  reads: boolean;
  read(): void;
  follow(subscription: Subscription | undefined): void;
}

/** `run` runs the work of streams and send queues; without it, all is done at once, as time passes only in `wait`. */
export function fakeStreams(run?: Run) {
  const time = { now: 1000 };
  const timers: { at: number; action: () => void }[] = [];
  const clock = {
    now: () => time.now,
    after: (ms: number, action: () => void) => {
      timers.push({ at: time.now + ms, action });
    },
  };
  const lowLatency: boolean[] = [];
  const work = run ?? new WorkQueue(clock.now).run;
  const layout = { stride: STRIDE, recordOffset: RECORD_OFFSET };
  const streams = new RowStreams(layout, clock, work, (is) => lowLatency.push(is));
  const messages: Message[] = [];
  let next = 0;

  return {
    streams,
    timers,
    /** The arguments of `onLowLatency`, in order. */
    lowLatency,
    /** All messages to all clients. */
    messages,
    /** Adds rows with the next numbers; the action of a row is its number modulo 3. */
    add(count: number, skipped = 0): void {
      const bytes = new Uint8Array(count * STRIDE);
      for (let i = 0; i < count; i++, next++) {
        bytes.set(numberedRecord(next), i * STRIDE + RECORD_OFFSET);
        bytes[i * STRIDE + RECORD_OFFSET + ACTION] = next % 3;
      }
      streams.add(bytes, count, skipped);
      bytes.fill(0xee);
    },
    wait(ms: number): void {
      time.now += ms;
      const due = timers.filter(({ at }) => at <= time.now);
      timers.splice(0, timers.length, ...timers.filter(({ at }) => at > time.now));
      for (const { action } of due) action();
    },
    client(subscription?: Subscription): FakeClient {
      const untaken: (() => void)[] = [];
      const client: FakeClient = {
        sendQueue: new SendQueue(
          (message, sent) => {
            messages.push(message);
            client.batches.push(batchOf(message));
            const written = Buffer.concat(message.encode());
            const take = () => {
              if (!Buffer.concat(message.encode()).equals(written))
                throw new Error('a message changed before it was sent');
              sent();
            };
            if (client.reads) take();
            else untaken.push(take);
          },
          clock.now,
          work,
        ),
        get stream() {
          return stream;
        },
        batches: [],
        reads: true,
        read() {
          client.reads = true;
          for (const take of untaken.splice(0)) take();
        },
        follow: (wanted) => streams.follow(stream, wanted),
      };
      const stream = new ClientStream(client.sendQueue, streams.context);
      if (subscription) client.follow(subscription);
      return client;
    },
  };
}

/** The batch in the second of the two frames that a message is made of, as it is now. */
function batchOf({ encode, plain }: Message): PacketLogBatch {
  const [, attachment] = plain();
  if (!(attachment instanceof Buffer) || !Buffer.concat(encode()).subarray(-attachment.length).equals(attachment)) {
    throw new Error('a message is not the same with ready frames and without');
  }
  return PacketLogBatch.from(Buffer.from(attachment));
}

/** The numbers of the rows; throws if one is damaged. */
export function numbersOf(batches: readonly PacketLogBatch[]): number[] {
  const record = new Uint8Array(64);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => {
      batch.copyRecord(i, record, 0);
      const number = new DataView(record.buffer).getUint32(0, true);
      const wanted = numberedRecord(number);
      wanted[ACTION] = number % 3;
      if (Buffer.compare(record, wanted) !== 0) throw new Error(`row ${number} is damaged`);
      return number;
    }),
  );
}
