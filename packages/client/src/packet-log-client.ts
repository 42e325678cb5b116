import {
  type Hello,
  MAX_MESSAGE_BYTES,
  type Rule,
  type RuleAction,
  type RulesAnswer,
  type RulesRequest,
  type RulesResults,
  type RulesSnapshot,
  type RulesVerb,
  rejectionSchema,
  rulesErrorSchema,
} from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import { type ConnectOptions, DEFAULT_TIMEOUT_MS } from './open-socket.ts';
import { PacketLogError } from './packet-log-error.ts';
import { PacketStream, type PacketStreamOptions } from './packet-stream.ts';
import {
  type AddedRule,
  type ImportOptions,
  isOneAddress,
  plainAddress,
  type RuleOptions,
  ruleDraft,
} from './rule-options.ts';

/** The loader needs time for a list of many networks. */
const IMPORT_TIMEOUT_MS = 60_000;

/** Characters of a value shown in a message: the value may be a header from outside. */
const SHOWN = 60;

/** Bytes around a list in the message that carries it. */
const ROOM_FOR_THE_REST = 4_096;

interface Opened {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly socket: Socket;
  readonly hello: Hello;
}

/** A connection to one loader. While it is broken, requests wait for it to be restored, up to the timeout. */
export class PacketLogClient {
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #socket: Socket;
  readonly #streams = new Set<PacketStream>();
  readonly #waiting = new Set<(reason: PacketLogError) => void>();
  #ended: PacketLogError | undefined;
  /** The loader's first message: its node, version, interfaces, and whether this client may change rules (`admin`). */
  readonly hello: Hello;

  constructor({ url, options, socket, hello }: Opened) {
    this.#url = url;
    this.#options = options;
    this.#socket = socket;
    this.hello = hello;
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      // The loader answers, but no longer admits this client: its tokens changed with a restart.
      const rejection = rejectionSchema.safeParse(error.data);
      if (!socket.active && rejection.success) this.#end(new PacketLogError(rejection.data.message, rejection.data));
    });
  }

  /** Whether the loader is connected now. */
  get connected(): boolean {
    return this.#socket.connected;
  }

  /**
   * Denies packets from one address at XDP, before the network stack sees them.
   * @throws PacketLogError with the code `invalid` for anything but one address: see `denyNetwork`.
   */
  deny(address: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#addForAddress('deny', address, options);
  }

  /** Permits packets from one address, whatever other rules say: permit wins. Takes one address only, like `deny`. */
  permit(address: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#addForAddress('permit', address, options);
  }

  /** Permits packets from one address, and marks them as what deny would have denied. */
  observe(address: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#addForAddress('observe', address, options);
  }

  /** Like `deny`, for an address, a network, `set:NAME`, or `any`. Never pass text that comes from a client. */
  denyNetwork(source: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#add('deny', source, options);
  }

  /** Like `permit`, for an address, a network, `set:NAME`, or `any`. Never pass text that comes from a client. */
  permitNetwork(source: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#add('permit', source, options);
  }

  /** Like `observe`, for an address, a network, `set:NAME`, or `any`. Never pass text that comes from a client. */
  observeNetwork(source: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#add('observe', source, options);
  }

  /** Removes rules; resolves with those that existed. */
  async remove(
    rules: number | Rule | readonly (number | Rule)[],
    { force }: { force?: boolean } = {},
  ): Promise<Rule[]> {
    const list = Array.isArray(rules) ? (rules as readonly (number | Rule)[]) : [rules as number | Rule];
    const ids = list.map((rule) => (typeof rule === 'number' ? rule : rule.id));
    return (await this.#ask('remove', { ids, ...(force !== undefined && { force }) })).removed;
  }

  /**
   * Returns all rules with their counters, the sets, the default policy, and the change that waits for confirmation.
   */
  rules(): Promise<RulesSnapshot> {
    return this.#ask('list', {});
  }

  /** Replaces a named set by the networks of a list, one per line, and adds a rule for it if there is none. */
  async importSet(name: string, entries: string, options: ImportOptions = {}): Promise<RulesResults['import']> {
    if (Buffer.byteLength(JSON.stringify(entries)) > MAX_MESSAGE_BYTES - ROOM_FOR_THE_REST) {
      const text = `The list is longer than a message may be. Import it on the machine itself: packetlog rules import FILE --set ${name}`;
      throw new PacketLogError(text, { code: 'limit', limit: MAX_MESSAGE_BYTES });
    }
    const { action, reason, skipBad, force } = options;
    const request = {
      set: name,
      entries,
      ...(action !== undefined && { action }),
      ...(reason !== undefined && { reason }),
      ...(skipBad !== undefined && { skip_bad: skipBad }),
      ...(force !== undefined && { force }),
    };
    return this.#ask('import', request, IMPORT_TIMEOUT_MS);
  }

  /** Confirms a risky change, which would otherwise revert. */
  async confirm(): Promise<void> {
    await this.#ask('confirm', {});
  }

  /** Reverts a risky change at once. */
  async revert(): Promise<void> {
    await this.#ask('revert', {});
  }

  /** Undoes the last change, whichever client made it; resolves with its description. */
  async undo(): Promise<string> {
    return (await this.#ask('undo', {})).undone;
  }

  /**
   * Returns the packets as they arrive, in batches, on a separate connection that the first `next()` opens. It is
   * closed when the loop ends.
   */
  packets(options: PacketStreamOptions = {}): PacketStream {
    const stream = new PacketStream(this.#url, this.#options, options, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** Closes the connection and all packet streams. Rules stay. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.return()));
    this.#end(new PacketLogError('This client was closed. Connect again.', { code: 'closed' }));
    this.#socket.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #addForAddress(action: RuleAction, address: string, options: RuleOptions): Promise<AddedRule> {
    if (!isOneAddress(address)) {
      const shown = JSON.stringify(String(address).slice(0, SHOWN));
      const text = `No rule was added: ${action}() takes one address, not ${shown}. Use ${action}Network() for networks, sets and any.`;
      throw new PacketLogError(text, { code: 'invalid', field: 'rule.source' });
    }
    return this.#add(action, address, options);
  }

  async #add(action: RuleAction, source: string, options: RuleOptions): Promise<AddedRule> {
    const { force } = options;
    const rule = ruleDraft(action, plainAddress(source), options);
    const added = await this.#ask('add', { rule, ...(force !== undefined && { force }) });
    return { ...added.rule, ...(added.pending !== undefined && { pending: added.pending }) };
  }

  async #ask<Verb extends RulesVerb>(
    verb: Verb,
    request: RulesRequest<Verb>,
    timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  ): Promise<RulesResults[Verb]> {
    const answer = await this.#answer<Verb>(`rules:${verb}`, request, timeoutMs);
    if (answer.ok) return answer.value;
    const rejected = rulesErrorSchema.safeParse(answer.error);
    if (rejected.success) throw new PacketLogError(rejected.data.message, rejected.data);
    throw new PacketLogError(
      `The loader rejected ${verb}: it gave no reason that this client can read. See the loader’s log.`,
      { code: 'internal' },
    );
  }

  #answer<Verb extends RulesVerb>(event: string, request: unknown, timeoutMs: number): Promise<RulesAnswer<Verb>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#socket.timeout(timeoutMs).emit(event, request, (cause: Error | null, answer: RulesAnswer<Verb>) => {
        this.#waiting.delete(reject);
        if (!cause) return resolve(answer);
        const why = this.#socket.connected ? `for ${timeoutMs} ms` : 'before the connection broke';
        const text = `The loader has not answered ${event} ${why}. Look at rules() before asking again: it may be done.`;
        reject(new PacketLogError(text, { code: 'unanswered' }, { cause }));
      });
    });
  }

  /** Ends the client permanently. Waiting requests fail now, not at their timeout. */
  #end(reason: PacketLogError): void {
    this.#ended ??= reason;
    for (const reject of this.#waiting) reject(this.#ended);
    this.#waiting.clear();
  }
}
