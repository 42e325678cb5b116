/** The server process's link to the core: requests with their answers, and log lines. */
import type { Duplex } from 'node:stream';
import type {
  Acknowledgement,
  BansAnswer,
  BansVerb,
  LimitLevels,
  Listener,
  RulesAnswer,
  RulesSnapshot,
  RulesVerb,
} from '@packetlog/common';
import type { BansForClients } from '../../ipc/defence/bans-access.ts';
import type { FleetQuestion } from '../../ipc/fleet/fleet-access.ts';
import type { PastAnswer, PastForClients } from '../../ipc/past-access.ts';
import { ProcessChannel } from '../../ipc/process-channel.ts';
import type { RemoteCaller, RulesForClients } from '../../ipc/rules-access.ts';
import { type FromServer, SERVER_ENCODING, type ServerRequest, type ToServer } from '../../ipc/server-messages.ts';
import type { Core } from '../core.ts';

/** Longest wait for the core's state: a probe must not wait for a core that hangs. */
const HEALTH_MS = 2000;
const MAX_LOG_LENGTH = 1024;

type Level = Extract<FromServer, { type: 'log' }>['level'];

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class CoreLink implements Core {
  readonly rules: RulesForClients;
  readonly past: PastForClients;
  readonly bans: BansForClients;
  readonly #channel: ProcessChannel<FromServer, ToServer>;
  readonly #pending = new Map<number, Pending>();
  readonly #clients = new WeakMap<RemoteCaller, number>();
  #health: Promise<boolean> | undefined;
  #requests = 0;
  #numbered = 0;

  constructor(
    stream: Duplex,
    events: {
      message: (message: Exclude<ToServer, { type: 'answer' | 'ping' }>) => void;
      /** The core has ended. */
      ended: () => void;
    },
  ) {
    this.#channel = new ProcessChannel(stream, SERVER_ENCODING, {
      message: (message) => {
        if (message.type === 'answer') this.#answered(message.request, message.value);
        else if (message.type === 'ping') this.send({ type: 'alive' });
        else events.message(message);
      },
      ended: events.ended,
    });
    this.rules = {
      snapshot: () => this.#request({ about: 'snapshot' }) as Promise<RulesSnapshot>,
      ask: <Verb extends RulesVerb>(verb: Verb, request: unknown, caller: RemoteCaller) =>
        this.#request({ about: 'rules', verb, request, ...this.#factsOf(caller) }, caller.gone) as Promise<
          RulesAnswer<Verb>
        >,
      limits: (request) => this.#request({ about: 'limits', request }) as Promise<Acknowledgement<LimitLevels>>,
    };
    this.bans = {
      ask: <Verb extends BansVerb>(verb: Verb, request: unknown, caller: RemoteCaller) =>
        this.#request({ about: 'bans', verb, request, ...this.#factsOf(caller) }, caller.gone) as Promise<
          BansAnswer<Verb>
        >,
    };
    this.past = {
      ask: (verb, request, caller) =>
        this.#request({ about: 'past', verb, request, ...this.#factsOf(caller) }, caller.gone) as Promise<PastAnswer>,
    };
  }

  send(message: FromServer): void {
    this.#channel.send(message);
  }

  listeners(): Promise<Listener[]> {
    return this.#request({ about: 'listeners' }) as Promise<Listener[]>;
  }

  /** Resolves with undefined if the core has no fleet. */
  fleet(question: FleetQuestion): Promise<unknown> {
    return this.#request({ about: 'fleet', question });
  }

  /** Asks once for all probes that arrive before the answer: anyone can send them, without a token and without limit. */
  isHealthy(): Promise<boolean> {
    this.#health ??= this.#request({ about: 'health' }, AbortSignal.timeout(HEALTH_MS))
      .then((value) => value === true)
      .finally(() => {
        this.#health = undefined;
      });
    return this.#health;
  }

  wantRows(perSecond: number): void {
    this.send({ type: 'rows-wanted', per_second: Number.isFinite(perSecond) ? perSecond : null });
  }

  setHasClients(hasClients: boolean): void {
    this.send({ type: 'has-clients', has_clients: hasClients });
  }

  setLowLatency(lowLatency: boolean): void {
    this.send({ type: 'low-latency', low_latency: lowLatency });
  }

  setClients(clients: number, operators: readonly string[]): void {
    this.send({ type: 'clients', clients, operators: [...operators] });
  }

  /** Passes a log line to the core, which writes the log. */
  log(level: Level, facts: object, message: string): void {
    const texts = Object.entries(facts).map(([name, value]) => [name, factOf(value)]);
    this.send({ type: 'log', level, facts: Object.fromEntries(texts), message: message.slice(0, MAX_LOG_LENGTH) });
  }

  close(): void {
    this.#channel.close();
  }

  #factsOf(caller: RemoteCaller) {
    return { client: this.#numberOf(caller), address: caller.address, admin_token: caller.adminToken };
  }

  #numberOf(caller: RemoteCaller): number {
    const number = this.#clients.get(caller) ?? ++this.#numbered;
    this.#clients.set(caller, number);
    return number;
  }

  #answered(id: number, value: unknown): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.resolve(value);
  }

  /** Rejects with the signal's reason when `gone` is aborted. */
  #request(what: ServerRequest, gone?: AbortSignal): Promise<unknown> {
    const request = ++this.#requests;
    return new Promise((resolve, reject) => {
      const cancelled = () => {
        this.#pending.delete(request);
        this.send({ type: 'cancel', request });
        reject(gone?.reason);
      };
      gone?.addEventListener('abort', cancelled, { once: true });
      const settle = () => gone?.removeEventListener('abort', cancelled);
      this.#pending.set(request, {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.send({ type: 'request', request, what });
    });
  }
}

function factOf(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return value instanceof Error ? (value.stack ?? value.message) : String(value);
}
