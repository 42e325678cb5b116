/** One run of the server process: exchanges messages with it, and notices when it ends or freezes. */
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { ProcessChannel } from '../ipc/process-channel.ts';
import { CORE_ENCODING, type FromServer, type ToServer } from '../ipc/server-messages.ts';

const PING_MS = 5000;
/** A server that has not answered a ping for this long is frozen. */
const FROZEN_MS = 15_000;
/** One that has not sent anything yet is starting, for as long as its unit may (TimeoutStartSec). */
const START_MS = 60_000;
/** Reports are skipped while this many bytes wait for the server. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** A server is ended while this many bytes wait for it, apart from files that it gets: it does not read. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** Messages that a run passes on; it handles the others itself. */
export type RunMessage = Exclude<FromServer, { type: 'alive' | 'leaving' }>;

export interface RunEvents {
  readonly message: (message: RunMessage) => void;
  /** Text that Node.js itself wrote, such as the reason of an abort. */
  readonly wrote: (text: string) => void;
  /** Called once. `why` completes "The server process …"; undefined: the service manager stopped it. */
  readonly ended: (why: string | undefined) => void;
}

/** What is known of the process itself. */
export interface RunningProcess {
  /** Undefined: unknown, because the service manager started it. */
  readonly pid: number | undefined;
  /** Ends the process, or at least its connection. */
  readonly kill: () => void;
  /** Called when it has closed its connection, if that does not end the run. */
  readonly closed?: () => void;
}

export class ServerRun {
  /** Reports that the server did not get, because it reads too slowly. */
  missedReports = 0;
  readonly ended: Promise<void>;
  readonly #process: RunningProcess;
  readonly #channel: ProcessChannel<ToServer, FromServer>;
  readonly #events: RunEvents;
  readonly #timer: NodeJS.Timeout;
  #haveEnded: () => void = () => {};
  #pingedAt: number | undefined;
  #maxSilenceMs = START_MS;
  /** Why this side ends the process; undefined: it ended without that. */
  #reason: string | undefined;
  #isLeaving = false;
  #hasEnded = false;
  /** What may wait for the server, in bytes: grows with the files that were sent to it. */
  #maxUnread = MAX_UNREAD_BYTES;

  constructor(stream: Duplex, process: RunningProcess, events: RunEvents) {
    this.#process = process;
    this.#events = events;
    this.ended = new Promise((resolve) => {
      this.#haveEnded = resolve;
    });
    this.#channel = new ProcessChannel(stream, CORE_ENCODING, {
      message: (message) => this.#received(message),
      ended: (why) => {
        // A child's exit event reports its end, with the exit code.
        if (why !== 'closed') this.kill(why);
        else if (this.#process.closed !== undefined) this.#process.closed();
        else if (this.#process.pid === undefined) this.end('closed its connection');
      },
    });
    this.#timer = setInterval(() => this.#ping(), PING_MS);
    this.#timer.unref();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Returns the resident memory of the process in bytes; 0 if it has ended or is unknown. */
  memoryBytes(): number {
    if (this.pid === undefined) return 0;
    try {
      const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      return Number(kib ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  send(message: ToServer): void {
    if (this.#reason !== undefined) return;
    const sendsFiles = message.type === 'open' || message.type === 'places';
    if (!sendsFiles && this.#channel.queuedBytes > this.#maxUnread) {
      this.kill('did not read its messages');
      return;
    }
    this.#channel.send(message);
    if (sendsFiles) this.#maxUnread = Math.max(this.#maxUnread, this.#channel.queuedBytes + MAX_UNREAD_BYTES);
  }

  /** Sends a report that the server can do without; counts it if the server reads too slowly. */
  sendReport(
    message: Extract<ToServer, { type: 'second' | 'rule-counters' | 'findings' | 'bans' | 'decision' }>,
  ): void {
    if (this.#channel.queuedBytes <= MAX_QUEUED_BYTES) this.send(message);
    else if (message.type === 'second') this.missedReports++;
  }

  /** Ends the process; `ended` is called with `why`. */
  kill(why: string): void {
    this.#reason ??= why;
    this.#process.kill();
    if (this.#process.pid === undefined) this.end(why);
  }

  /** Call it when the process has ended. */
  end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#timer);
    this.#channel.destroy();
    this.#haveEnded();
    this.#events.ended(this.#isLeaving ? undefined : (this.#reason ?? why));
  }

  /** Resolves when the process has ended, after at most `ms`; it is killed then. */
  async endWithin(ms: number): Promise<void> {
    const timer = setTimeout(() => this.kill('did not end in time'), ms);
    await this.ended;
    clearTimeout(timer);
  }

  #received(message: FromServer): void {
    this.#maxSilenceMs = FROZEN_MS;
    if (message.type === 'alive') this.#pingedAt = undefined;
    else if (message.type === 'leaving') this.#isLeaving = true;
    else if (!this.#hasEnded && this.#reason === undefined) this.#events.message(message);
  }

  #ping(): void {
    const since = this.#pingedAt;
    if (since === undefined) {
      this.#pingedAt = performance.now();
      this.send({ type: 'ping' });
      return;
    }
    const maxMs = this.#maxSilenceMs;
    if (performance.now() - since < maxMs) return;
    // If this process stood still, an answer may be waiting: read it before judging.
    setImmediate(() => {
      if (this.#pingedAt === since) this.kill(`did not answer for ${maxMs / 1000} s`);
    });
  }
}
