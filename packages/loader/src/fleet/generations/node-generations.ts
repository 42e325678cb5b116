/**
 * Applies generations: the rules that a hub wants on this node. One at a time. Nothing here rejects: the answer says what
 * became of a generation.
 */
import type { Notice } from '@packetlog/common';
import type { Generation, NodeRules, Signed } from '@packetlog/common/fleet';
import type { CallerIdentity } from '../../ipc/rules-access.ts';
import { Mutex } from '../../mutex.ts';
import type { RulesService } from '../../rules/engine/rules-service.ts';
import { RulesRejection } from '../../rules/ruleset/rejection.ts';
import type { NamedSet, Ruleset } from '../../rules/ruleset/ruleset.ts';
import type { Generations } from '../fleet-parts.ts';
import { hashOfRules } from './check-generation.ts';
import { type WantedRules, wantedRules } from './desired-rules.ts';
import { driftOf } from './drift.ts';
import { applyingGeneration } from './generation-change.ts';
import { GenerationFile, type StoredGeneration } from './generation-file.ts';

const MAX_MESSAGE = 512;
const NOT_CONFIRMED = 'not_confirmed';
/** A repair that nobody named is asked by the hub. */
const HUB: CallerIdentity = { name: 'hub', via: 'socket' };

interface RulesOfNode
  extends Pick<RulesService, 'ruleset' | 'revision' | 'pending' | 'pendingGeneration' | 'ask' | 'confirm' | 'revert'> {}

export interface NodeGenerationsOptions {
  /** Exists. */
  readonly directory: string;
  /** Groups that the hubs have put this node in. */
  readonly groups: () => readonly string[];
  /** Returns the content of a generation that a hub of this node signed. */
  readonly verified: (signed: Signed) => Generation | undefined;
  readonly rules: () => RulesOfNode;
  /** Reads the text of a list. Rejects with a RulesRejection if a line cannot be read. */
  readonly readList: (set: string, text: string) => Promise<NamedSet>;
  /** Called when `rules()` has changed. */
  readonly changed: () => void;
  readonly report: (level: Notice['level'], message: string) => void;
}

/** A generation with its signed text. */
interface Received {
  readonly generation: Generation;
  readonly signed: Signed;
}

type Answer = NonNullable<NodeRules['answer']>;

export class NodeGenerations implements Generations {
  readonly #options: NodeGenerationsOptions;
  readonly #file: GenerationFile;
  readonly #mutex = new Mutex();
  #inForce: Received | undefined;
  #newest: StoredGeneration['newest'] = {};
  #answer: Answer | undefined;
  /** In force, and not confirmed yet. */
  #unconfirmed: (Received & { readonly untilMs: number }) | undefined;
  /** Applied once no change of the node is pending. */
  #held: (Received & { readonly isRepair: boolean }) | undefined;
  #drift: { readonly ruleset: Ruleset; readonly of: Received; readonly sentences: readonly string[] } | undefined;
  #told = '';

  constructor(options: NodeGenerationsOptions) {
    this.#options = options;
    this.#file = new GenerationFile(options.directory);
  }

  /** Reads the generation on the disk. Call it when the rules on the disk are in force. */
  begin(): void {
    const stored = this.#read(this.#file.read());
    const next = this.#read(this.#file.readNext());
    const wasApplied = next !== undefined && driftOf(next.generation, this.#ruleset, Date.now()).length === 0;
    this.#inForce = wasApplied ? next : stored;
    this.#newest = (wasApplied ? next : stored)?.newest ?? {};
    try {
      if (wasApplied) this.#file.commit();
      else this.#file.abandon();
    } catch (error) {
      this.#options.report('warning', `${this.#file.path} cannot be written: ${messageOf(error)}.`);
    }
    if (next !== undefined && !wasApplied) {
      const { number } = next.generation;
      const message = 'packetlog ended before the generation was confirmed. The rules before it are in force.';
      this.#answer = { number, state: 'rejected', code: NOT_CONFIRMED, message };
    }
    const drift = this.#driftNow();
    if (drift.length > 0) {
      this.#options.report('warning', `The rules of this node differ from ${nameOf(this.#inForce)}: ${drift[0]}.`);
    }
  }

  rules(): NodeRules {
    const inForce = this.#inForce?.generation;
    const drift = this.#driftNow();
    return {
      revision: this.#options.rules().revision,
      ...(inForce && { generation: { group: inForce.group, number: inForce.number, hash: inForce.hash } }),
      ...(this.#answer && { answer: this.#answer }),
      ...(drift.length > 0 && { drift: [...drift] }),
    };
  }

  /** `generation` is the verified content of `signed`. Resolves when it is decided, or waits. */
  receive(generation: Generation, signed: Signed): Promise<NodeRules> {
    return this.#mutex.run(async () => {
      const received = { generation, signed };
      if (!this.#isUnconfirmed(generation)) await this.#decide(received);
      return this.#tell();
    });
  }

  /** Confirms a risky generation that is in force. */
  confirm({ group, number }: { readonly group: string; readonly number: number }): Promise<NodeRules> {
    return this.#mutex.run(async () => {
      const waiting = this.#unconfirmed;
      if (waiting?.generation.group === group && waiting.generation.number === number) await this.#confirm(waiting);
      return this.#tell();
    });
  }

  /** Removes what differs from the generation in force. */
  repair(): Promise<NodeRules> {
    return this.#mutex.run(async () => {
      if (this.#inForce !== undefined && this.#unconfirmed === undefined) await this.#apply(this.#inForce, true);
      return this.#tell();
    });
  }

  /** Call it when the rules have changed. */
  rulesChanged(): void {
    this.#settle();
    if (this.#held !== undefined && this.#options.rules().pending === undefined) {
      void this.#mutex.run(() => this.#applyHeld());
    }
    this.#tell();
  }

  async #decide(received: Received): Promise<void> {
    const { generation } = received;
    const problem = this.#problemOf(received);
    if (problem !== undefined) {
      this.#reject(generation, problem);
      return;
    }
    if (this.#inForce?.generation.group === generation.group && this.#inForce.generation.number === generation.number) {
      this.#held = undefined;
      this.#answer = { number: generation.number, state: 'in_force' };
      return;
    }
    await this.#apply(received, false);
  }

  /** Returns why a generation is not even tried. */
  #problemOf({ generation, signed }: Received): { code: string; message: string } | undefined {
    const { group, number, hash } = generation;
    const groups = this.#options.groups();
    if (!groups.includes(group)) {
      const message = `It is for the group ${group}, and this node is in ${groups.join(', ') || 'none'}.`;
      return { code: 'wrong_group', message };
    }
    if (hashOfRules(signed) !== hash) {
      return { code: 'wrong_hash', message: 'Its hash is not that of its rules.' };
    }
    const newest = this.#newest[group] ?? 0;
    if (number < newest) {
      return {
        code: 'replay',
        message: `It is older than generation ${newest}, which was in force.`,
      };
    }
    const known = this.#inForce?.generation;
    if (known?.group === group && known.number === number && known.hash !== hash) {
      return { code: 'replay', message: `It differs from the generation ${number} that is in force.` };
    }
    return undefined;
  }

  async #apply(received: Received, isRepair: boolean): Promise<void> {
    const { number } = received.generation;
    const rules = this.#options.rules();
    this.#held = undefined;
    this.#answer = { number, state: 'waiting' };
    try {
      // A generation that waits was never confirmed: this one replaces it.
      if (this.#unconfirmed !== undefined && rules.pendingGeneration?.isAlone === true) {
        this.#unconfirmed = undefined;
        await rules.revert(whoOf(received.generation));
      }
      this.#unconfirmed = undefined;
      if (rules.pending !== undefined) {
        this.#held = { ...received, isRepair };
        const message =
          'A change that was made on the node waits to be confirmed. The generation is applied after that.';
        this.#answer = { number, state: 'waiting', message };
        return;
      }
      await this.#put(received, isRepair);
    } catch (error) {
      this.#file.abandon();
      this.#fail(received.generation, error);
    }
  }

  async #put(received: Received, isRepair: boolean): Promise<void> {
    const { generation, signed } = received;
    const { group, number, note, force = false } = generation;
    const wanted = wantedRules(generation, Date.now());
    const sets = await this.#readLists(wanted);
    this.#file.prepare({ newest: { ...this.#newest, [group]: number }, generation: signed });
    const change = applyingGeneration(
      { group, number, defaultPolicy: generation.rules.default_policy, rules: wanted.rules, sets },
      { why: isRepair ? 'repair' : note, force },
      isRepair ? HUB : whoOf(generation),
    );
    const done = await this.#options.rules().ask(change);
    if (done.pending === undefined) {
      this.#putInForce(received, done.warning);
      return;
    }
    const { until_ms, why } = done.pending;
    this.#unconfirmed = { ...received, untilMs: until_ms };
    this.#answer = { number, state: 'waiting', message: short(why), pending_until_ms: until_ms };
    // It may have reverted or been confirmed since.
    this.#settle();
  }

  async #confirm(waiting: Received & { readonly untilMs: number }): Promise<void> {
    const rules = this.#options.rules();
    if (!this.#isUnconfirmed(waiting.generation)) return;
    if (rules.pendingGeneration?.isAlone !== true) {
      const message =
        'A risky change that was made on the node waits with it. Confirm both there: packetlog rules confirm.';
      this.#answer = { ...this.#waitingAnswer(waiting), message };
      return;
    }
    try {
      await rules.confirm(whoOf(waiting.generation));
    } catch (error) {
      this.#answer = { ...this.#waitingAnswer(waiting), message: short(messageOf(error)) };
    }
    this.#settle();
  }

  /** Finds out what became of a generation that waited. */
  #settle(): void {
    const waiting = this.#unconfirmed;
    if (waiting === undefined || this.#isUnconfirmed(waiting.generation)) return;
    this.#unconfirmed = undefined;
    const { generation, untilMs } = waiting;
    if (driftOf(generation, this.#ruleset, Date.now()).length === 0) {
      this.#putInForce(waiting);
      return;
    }
    this.#file.abandon();
    const isLate = Date.now() >= untilMs;
    const why = isLate ? 'was not confirmed in time' : 'was reverted or changed on the node before it was confirmed';
    const message = `The generation ${why}. The rules before it are in force.`;
    this.#reject(generation, { code: NOT_CONFIRMED, message });
  }

  #putInForce(received: Received, warning?: string): void {
    const { group, number } = received.generation;
    this.#inForce = received;
    this.#newest = { ...this.#newest, [group]: number };
    this.#answer = { number, state: 'in_force', ...(warning !== undefined && { message: short(warning) }) };
    try {
      this.#file.commit();
    } catch (error) {
      const message = `It is in force, and ${this.#file.path} cannot be written: ${messageOf(error)}.`;
      this.#options.report('error', message);
      this.#answer = { ...this.#answer, message: short(message) };
    }
  }

  async #applyHeld(): Promise<void> {
    const held = this.#held;
    if (held === undefined || this.#options.rules().pending !== undefined) return;
    await this.#apply(held, held.isRepair);
    this.#tell();
  }

  /** Whether this generation is the one that waits to be confirmed. */
  #isUnconfirmed({ group, number, hash }: Generation): boolean {
    const waiting = this.#unconfirmed?.generation;
    const pending = this.#options.rules().pendingGeneration;
    const isSame = (other: { group: string; number: number } | undefined) =>
      other?.group === group && other.number === number;
    return isSame(waiting) && isSame(pending) && waiting?.hash === hash;
  }

  #waitingAnswer({ generation, untilMs }: Received & { readonly untilMs: number }): Answer {
    // Another change that joined it has extended its time.
    const until = this.#options.rules().pending?.until_ms ?? untilMs;
    return { number: generation.number, state: 'waiting', pending_until_ms: until };
  }

  #reject(generation: Generation, { code, message }: { code: string; message: string }): void {
    this.#answer = { number: generation.number, state: 'rejected', code, message: short(message) };
    this.#options.report('warning', `Generation ${generation.number} of ${generation.group} is rejected: ${message}`);
  }

  #fail(generation: Generation, error: unknown): void {
    const { code, message } =
      error instanceof RulesRejection ? error.error : { code: 'internal' as const, message: messageOf(error) };
    if (code !== 'internal') {
      this.#reject(generation, { code, message });
      return;
    }
    this.#answer = { number: generation.number, state: 'failed', code, message: short(message) };
    this.#options.report('error', `Generation ${generation.number} of ${generation.group} failed: ${message}`);
  }

  async #readLists({ lists }: WantedRules): Promise<Map<string, NamedSet>> {
    const sets = new Map<string, NamedSet>();
    for (const [name, text] of lists) sets.set(name, await this.#options.readList(name, text));
    return sets;
  }

  #read(stored: ReturnType<GenerationFile['read']>): (Received & Pick<StoredGeneration, 'newest'>) | undefined {
    if (stored === undefined) return undefined;
    const generation = 'problem' in stored ? undefined : this.#readable(stored.generation);
    if (generation !== undefined && 'generation' in stored) {
      return { generation, signed: stored.generation, newest: stored.newest };
    }
    const problem = 'problem' in stored ? stored.problem : 'none of this node’s hubs has signed it, or it is damaged';
    const rest = 'Its rules stay in force, and the next generation of the hub replaces them.';
    this.#options.report('warning', `The generation in ${this.#file.path} is not used: ${problem}. ${rest}`);
    return undefined;
  }

  /** Returns a generation that this node could have applied. */
  #readable(signed: Signed): Generation | undefined {
    try {
      const generation = this.#options.verified(signed);
      if (generation !== undefined) wantedRules(generation, Date.now());
      return generation;
    } catch {
      return undefined;
    }
  }

  #driftNow(): readonly string[] {
    const of = this.#inForce;
    // While a generation waits, the rules differ from the one before it because the hub wanted that.
    if (of === undefined || this.#unconfirmed !== undefined) return [];
    const ruleset = this.#ruleset;
    if (this.#drift?.ruleset !== ruleset || this.#drift.of !== of) {
      this.#drift = { ruleset, of, sentences: driftOf(of.generation, ruleset, Date.now()) };
    }
    return this.#drift.sentences;
  }

  get #ruleset(): Ruleset {
    return this.#options.rules().ruleset;
  }

  /** Returns `rules()`, and reports it if it has changed. */
  #tell(): NodeRules {
    const rules = this.rules();
    const text = JSON.stringify(rules);
    if (text !== this.#told) {
      this.#told = text;
      this.#options.changed();
    }
    return rules;
  }
}

function whoOf({ by }: Generation): CallerIdentity {
  return { name: `${by} via hub`, via: 'socket' };
}

function nameOf(received: Received | undefined): string {
  return `generation ${received?.generation.number} of ${received?.generation.group}`;
}

function short(message: string): string {
  return message.slice(0, MAX_MESSAGE);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
