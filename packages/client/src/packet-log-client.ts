import {
  type Acknowledgement,
  type DefaultPolicy,
  type Hello,
  type LimitLevels,
  type LimitsTopRequest,
  limitLevelsSchema,
  MAX_MESSAGE_BYTES,
  type PermitProposals,
  type Rule,
  type RuleAction,
  type RuleDraft,
  type RulesError,
  type RulesRequest,
  type RulesResults,
  type RulesSnapshot,
  type RulesVerb,
  rejectionSchema,
  rulesErrorSchema,
} from '@packetlog/common';
import type { Socket } from 'socket.io-client';
import { Bans, type BansFeed } from './bans.ts';
import type { FindingsFeed } from './findings-feed.ts';
import { LiveSums } from './live-sums.ts';
import { type ConnectOptions, DEFAULT_TIMEOUT_MS, retryAfter } from './open-socket.ts';
import { PacketLogError } from './packet-log-error.ts';
import { PacketStream, type PacketStreamOptions } from './packet-stream.ts';
import { PastPackets } from './past-packets.ts';
import { Requests } from './requests.ts';
import {
  type AddedRule,
  type ImportOptions,
  isSingleAddress,
  type LimitOptions,
  limitFields,
  normalizeAddress,
  type RuleOptions,
  ruleDraft,
} from './rule-options.ts';

/** Compiling a list of many networks takes the loader longer than other requests. */
const IMPORT_TIMEOUT_MS = 60_000;

/** A question about all recorded packets can take the loader's thread for them some time. */
const PAST_TIMEOUT_MS = 60_000;

const CHECK_RULES = 'Check rules() before you retry: the change may have been made.';
const CHECK_BANS = 'Check bans.list() before you retry: the bans may have ended.';
const ASK_LESS = 'Ask about a shorter range, or set a longer timeoutMs.';

/** Maximum characters of a rejected value in an error message: the value can come from an untrusted header. */
const MAX_SHOWN_CHARACTERS = 60;

/** Bytes reserved for the other fields of an import message. */
const MESSAGE_OVERHEAD_BYTES = 4_096;

interface OpenConnection {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly socket: Socket;
  readonly hello: Hello;
  readonly findings: FindingsFeed;
  readonly bans: BansFeed;
}

/** A connection to one loader. While it is interrupted, requests wait for the reconnection, up to their timeout. */
export class PacketLogClient {
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #socket: Socket;
  readonly #streams = new Set<PacketStream>();
  readonly #requests: Requests;
  /** The loader's first message: node, version, interfaces, and whether this client can change rules (`admin`). */
  readonly hello: Hello;
  /** Scans, floods and the like that the loader has found. */
  readonly findings: FindingsFeed;
  /** Bans by limits, and the decisions about them. */
  readonly bans: Bans;
  /** Sums of the packets that match a filter, from its first question on. */
  readonly live: LiveSums;
  /** Questions about packets that the loader has recorded (`--record on`). */
  readonly past: PastPackets;

  constructor({ url, options, socket, hello, findings, bans }: OpenConnection) {
    this.#url = url;
    this.#options = options;
    this.#socket = socket;
    this.#requests = new Requests(socket, 'loader');
    this.hello = hello;
    this.findings = findings;
    this.bans = new Bans(bans, (verb, request) => this.#value(`bans:${verb}`, request, CHECK_BANS));
    this.live = new LiveSums((question, request) => this.#ask(`live:${question}`, request));
    this.past = new PastPackets((verb, request) => this.#ask(`past:${verb}`, request));
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      // The loader now rejects this client: its tokens have changed.
      const rejection = rejectionSchema.safeParse(error.data);
      if (!socket.active && rejection.success && retryAfter(socket, error) === undefined)
        this.#requests.end(new PacketLogError(rejection.data.message, rejection.data));
    });
  }

  /** Whether the client is connected to the loader. */
  get connected(): boolean {
    return this.#socket.connected;
  }

  /**
   * Denies packets from one address at XDP, before the network stack sees them.
   * @throws PacketLogError with the code `invalid` unless `address` is a single address; see `denyNetwork`.
   */
  deny(address: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#addForAddress('deny', address, options);
  }

  /** Permits packets from one address: permit wins over deny. Takes a single address, as `deny` does. */
  permit(address: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#addForAddress('permit', address, options);
  }

  /** Permits packets from one address, and records them with the reason `would_deny`. */
  observe(address: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#addForAddress('observe', address, options);
  }

  /** Like `deny`, for an address, a network, `set:NAME`, or `any`. Never pass untrusted input. */
  denyNetwork(source: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#add('deny', source, options);
  }

  /** Like `permit`, for an address, a network, `set:NAME`, or `any`. Never pass untrusted input. */
  permitNetwork(source: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#add('permit', source, options);
  }

  /** Like `observe`, for an address, a network, `set:NAME`, or `any`. Never pass untrusted input. */
  observeNetwork(source: string, options: RuleOptions = {}): Promise<AddedRule> {
    return this.#add('observe', source, options);
  }

  /**
   * Limits what sources send, each to its rate: an address, a network, `set:NAME`, or `any`. Packets over the limit are
   * permitted and marked, unless `enforce` is true; that reverts unless it is confirmed. Never pass untrusted input.
   */
  async limit(source: string, options: LimitOptions): Promise<AddedRule> {
    const rule = { ...ruleDraft('limit', normalizeAddress(source), options), ...limitFields(options) };
    return this.#addDraft(rule, options.force, options.now);
  }

  /**
   * Returns what the limits in force follow now: how many buckets have a level, how many are over, and the fullest ones.
   * `rule`: one limit; default: all. `count`: buckets of each, at most 100.
   */
  async limits(request: LimitsTopRequest = {}): Promise<LimitLevels> {
    return limitLevelsSchema.parse(await this.#ask('limits:top', request));
  }

  /** Removes rules, and resolves with those that existed. */
  async remove(
    rules: number | Rule | readonly (number | Rule)[],
    { force }: { force?: boolean } = {},
  ): Promise<Rule[]> {
    const list = Array.isArray(rules) ? (rules as readonly (number | Rule)[]) : [rules as number | Rule];
    const ids = list.map((rule) => (typeof rule === 'number' ? rule : rule.id));
    return (await this.#request('remove', { ids, ...(force !== undefined && { force }) })).removed;
  }

  /** Returns all rules with their counters, the sets, the default policy, and the unconfirmed change. */
  rules(): Promise<RulesSnapshot> {
    return this.#request('list', {});
  }

  /** Replaces a named set with the networks of a list, one per line, and adds a rule for it if there is none. */
  async importSet(name: string, entries: string, options: ImportOptions = {}): Promise<RulesResults['import']> {
    if (Buffer.byteLength(JSON.stringify(entries)) > MAX_MESSAGE_BYTES - MESSAGE_OVERHEAD_BYTES) {
      const text = `The list was not imported: it is too long for one message. Import it on the server: packetlog rules import FILE --set ${name}`;
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
    return this.#request('import', request, IMPORT_TIMEOUT_MS);
  }

  /** Returns the permit rules that the default policy deny needs on the loader's machine now. Changes nothing. */
  proposePermits(): Promise<PermitProposals> {
    return this.#request('propose_permits', {});
  }

  /**
   * Sets the default policy and adds permit rules, in one change. The policy deny is risky: it reverts, with the rules,
   * unless `confirm()` is called in time.
   */
  setDefaultPolicy(
    policy: DefaultPolicy,
    { permits, force }: { permits?: readonly RuleDraft[]; force?: boolean } = {},
  ): Promise<RulesResults['policy']> {
    return this.#request('policy', {
      default_policy: policy,
      ...(permits !== undefined && { permits: [...permits] }),
      ...(force !== undefined && { force }),
    });
  }

  /** Confirms a risky change, which would otherwise revert. */
  async confirm(): Promise<void> {
    await this.#request('confirm', {});
  }

  /** Reverts a risky change at once. */
  async revert(): Promise<void> {
    await this.#request('revert', {});
  }

  /** Undoes the last change, even if another client made it, and resolves with its description. */
  async undo(): Promise<string> {
    return (await this.#request('undo', {})).undone;
  }

  /**
   * Returns packets in batches as they arrive. The first `next()` opens a separate connection for them; the end of the
   * loop closes it.
   */
  packets(options: PacketStreamOptions = {}): PacketStream {
    const stream = new PacketStream(this.#url, this.#options, options, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /** Closes the connection and all packet streams. Rules stay in force. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.return()));
    this.#requests.end(new PacketLogError('This client is closed. Connect again.', { code: 'closed' }));
    this.#socket.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #addForAddress(action: RuleAction, address: string, options: RuleOptions): Promise<AddedRule> {
    if (!isSingleAddress(address)) {
      const shown = JSON.stringify(String(address).slice(0, MAX_SHOWN_CHARACTERS));
      const text = `No rule was added: ${action}() takes one address, not ${shown}. Use ${action}Network() for networks, sets and any.`;
      throw new PacketLogError(text, { code: 'invalid', field: 'rule.source' });
    }
    return this.#add(action, address, options);
  }

  async #add(action: RuleAction, source: string, options: RuleOptions): Promise<AddedRule> {
    return this.#addDraft(ruleDraft(action, normalizeAddress(source), options), options.force);
  }

  async #addDraft(rule: RuleDraft, force: boolean | undefined, now?: boolean | undefined): Promise<AddedRule> {
    const overrides = { ...(force !== undefined && { force }), ...(now !== undefined && { now }) };
    const added = await this.#request('add', { rule, ...overrides });
    return { ...added.rule, ...(added.pending !== undefined && { pending: added.pending }) };
  }

  async #request<Verb extends RulesVerb>(
    verb: Verb,
    request: RulesRequest<Verb>,
    timeoutMs?: number,
  ): Promise<RulesResults[Verb]> {
    return this.#value(`rules:${verb}`, request, CHECK_RULES, timeoutMs);
  }

  /** Sends a request whose answer is that of a change of rules or bans. `next`: what to do without an answer. */
  async #value<Value>(
    event: string,
    request: object,
    next: string,
    timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  ): Promise<Value> {
    type Answer = { ok: true; value: Value } | { ok: false; error: RulesError };
    const answer = await this.#requests.send<Answer>(event, request, timeoutMs, next);
    if (answer.ok) return answer.value;
    const rejected = rulesErrorSchema.safeParse(answer.error);
    if (rejected.success) throw new PacketLogError(rejected.data.message, rejected.data);
    throw this.#requests.unreadable(event);
  }

  /** Asks about packets, recorded or live. */
  async #ask(event: string, request: object): Promise<unknown> {
    const timeoutMs = this.#options.timeoutMs ?? PAST_TIMEOUT_MS;
    const answer = await this.#requests.send<Acknowledgement<unknown>>(event, request, timeoutMs, ASK_LESS);
    if (answer.ok) return answer.value;
    const rejected = rejectionSchema.safeParse(answer.error);
    if (rejected.success) throw new PacketLogError(rejected.data.message, rejected.data);
    throw this.#requests.unreadable(event);
  }
}
