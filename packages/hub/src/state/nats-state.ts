/**
 * The state that several hubs share, in NATS JetStream: a key-value bucket, and a second one for the parts of blobs. Only
 * hubs connect to NATS. A connection that was lost is made again, for as long as it takes; requests meanwhile throw
 * StateError. A change that threw StateError may have been made or not: read again.
 */
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type HubState,
  MAX_VALUE_BYTES,
  type StateChanged,
  StateConflict,
  StateError,
  type Stored,
} from './hub-state.ts';
import { NatsBlobs } from './nats-blobs.ts';
import { NatsChanges } from './nats-changes.ts';
import { storedIn, toKey, toSubject } from './nats-entries.ts';
import { natsProblem } from './nats-problem.ts';
import { type NatsUrl, parseNatsUrl, shownUrl } from './nats-url.ts';
import { checkKey, checkPrefix, checkValue } from './state-keys.ts';

/** Longest pause between attempts to connect; the shortest is 0, so that hubs do not come back at the same time. */
const RECONNECT_MS = 2000;
const CONNECT_TIMEOUT_MS = 5000;
const LIST_TIMEOUT_MS = 15_000;
/** A dead connection is found after two of them. */
const PING_MS = 5000;
/** Of a message, beside the value: subject and headers. */
const OVERHEAD_BYTES = 4096;
/** JetStream's errors for an unexpected revision. */
const WRONG_REVISION = [10071, 10164];

export interface NatsStateOptions {
  readonly url: string;
  /** Called when the connection is lost, and when it is back. */
  readonly onConnection?: (isBack: boolean) => void;
}

/** Connects, and creates the buckets if they are missing. Throws StateError. */
export async function openNatsState({ url, onConnection = () => {} }: NatsStateOptions): Promise<HubState> {
  const parsed = parseNatsUrl(url);
  // Loaded only here: a hub with its state in files needs none of it.
  const [{ connect }, { Kvm }] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/kv')]);
  let connection: NatsConnection | undefined;
  try {
    connection = await connect(optionsFor(parsed));
    const needed = MAX_VALUE_BYTES + OVERHEAD_BYTES;
    if ((connection.info?.max_payload ?? 0) < needed) {
      throw new StateError(
        'use the state',
        shownUrl(parsed),
        `the server accepts messages of at most ${connection.info?.max_payload} bytes`,
        `Set max_payload of nats-server to at least ${needed}; its default is 1MB.`,
      );
    }
    const buckets = new Kvm(connection);
    // Reads come from the leader: a hub sees what another one has written before.
    const options = { history: 1, replicas: parsed.replicas, allow_direct: false };
    const keys = await buckets.create(parsed.bucket, { ...options, description: 'PacketLog: state of the hubs' });
    const blobs = await buckets.create(`${parsed.bucket}-blobs`, { ...options, description: 'PacketLog: generations' });
    return new NatsState(connection, keys, new NatsBlobs(blobs), shownUrl(parsed), onConnection);
  } catch (error) {
    await connection?.close();
    throw natsProblem('open the state', shownUrl(parsed), error);
  }
}

function optionsFor({ servers, user, password, tls }: NatsUrl) {
  return {
    servers: [...servers],
    name: 'packetlog hub',
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(tls === undefined ? {} : { tls }),
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_MS,
    maxReconnectAttempts: -1,
    // Otherwise it gives up for good after two rejected logins, such as while the server's configuration changes.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => Math.random() * RECONNECT_MS,
  };
}

class NatsState implements HubState {
  readonly isShared = true;
  readonly #connection: NatsConnection;
  readonly #keys: KV;
  readonly #blobs: NatsBlobs;
  readonly #target: string;
  readonly #changes: NatsChanges;
  #isClosed = false;

  constructor(
    connection: NatsConnection,
    keys: KV,
    blobs: NatsBlobs,
    target: string,
    onConnection: (isBack: boolean) => void,
  ) {
    this.#connection = connection;
    this.#keys = keys;
    this.#blobs = blobs;
    this.#target = target;
    this.#changes = new NatsChanges(keys);
    void this.#followConnection(onConnection);
  }

  async get(key: string): Promise<Stored | undefined> {
    checkKey(key);
    const entry = await this.#ask('read', key, () => this.#keys.get(toSubject(key)));
    return entry === null ? undefined : storedIn(entry);
  }

  async list(prefix: string): Promise<ReadonlyMap<string, Stored>> {
    checkPrefix(prefix);
    return this.#ask('list', prefix, async () => {
      const entries = await this.#keys.history({ key: `${toSubject(prefix)}>` });
      const timeout = setTimeout(() => entries.stop(new Error('timeout')), LIST_TIMEOUT_MS);
      try {
        const found = new Map<string, Stored>();
        for await (const entry of entries) {
          const stored = storedIn(entry);
          if (stored !== undefined) found.set(toKey(entry.key), stored);
          else found.delete(toKey(entry.key));
        }
        return found;
      } finally {
        clearTimeout(timeout);
      }
    });
  }

  async put(key: string, value: string, expected: number): Promise<number> {
    checkKey(key);
    checkValue(key, value);
    const subject = toSubject(key);
    return this.#change(key, expected, () =>
      expected === 0 ? this.#keys.create(subject, value) : this.#keys.update(subject, value, expected),
    );
  }

  async remove(key: string, expected: number): Promise<void> {
    checkKey(key);
    if (expected === 0) {
      if ((await this.get(key)) !== undefined) throw new StateConflict(key, expected);
      return;
    }
    await this.#change(key, expected, () => this.#keys.purge(toSubject(key), { previousSeq: expected }));
  }

  async watch(prefix: string, changed: StateChanged): Promise<() => void> {
    checkPrefix(prefix);
    return this.#ask('watch', prefix, () => this.#changes.watch(prefix, changed));
  }

  putBlob(bytes: Uint8Array): Promise<string> {
    return this.#ask('write', 'a blob', () => this.#blobs.put(bytes));
  }

  getBlob(digest: string): Promise<Uint8Array | undefined> {
    return this.#ask('read', `blob ${digest}`, () => this.#blobs.get(digest));
  }

  removeBlob(digest: string): Promise<void> {
    return this.#ask('remove', `blob ${digest}`, () => this.#blobs.remove(digest));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#changes.close();
    await this.#connection.close();
  }

  async #change<T>(key: string, expected: number, make: () => Promise<T>): Promise<T> {
    return this.#ask('change', key, async () => {
      try {
        return await make();
      } catch (error) {
        throw WRONG_REVISION.includes(codeOf(error)) ? new StateConflict(key, expected) : error;
      }
    });
  }

  async #ask<T>(step: string, key: string, ask: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StateError(step, key, 'the state is closed', 'The hub is ending.');
    try {
      return await ask();
    } catch (error) {
      if (error instanceof StateConflict || error instanceof RangeError) throw error;
      throw natsProblem(`${step} ${key} in`, this.#target, error);
    }
  }

  async #followConnection(onConnection: (isBack: boolean) => void): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect') onConnection(false);
      if (type !== 'reconnect') continue;
      // What was subscribed before may have missed changes, or is unknown to a server that was restarted.
      this.#changes.restart();
      onConnection(true);
    }
  }
}

function codeOf(error: unknown): number {
  return Number((error as { code?: unknown } | undefined)?.code);
}
