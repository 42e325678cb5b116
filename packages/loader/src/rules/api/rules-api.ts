/** Validates, runs and answers the requests about rules of every transport. */
import {
  type Acknowledgement,
  type CheckedRulesRequest,
  invalidRequest,
  type LimitLevels,
  limitTriedSchema,
  type PermitProposals,
  type Rule,
  type RulesAnswer,
  type RulesError,
  type RulesFile,
  type RulesResults,
  type RulesSnapshot,
  type RulesVerb,
  rulesRequestSchemas,
} from '@packetlog/common';
import type { Compiler } from '../compiler/worker/compiler.ts';
import {
  adding,
  addingMany,
  applying,
  type Change,
  choosingPolicy,
  editing,
  importing,
  removing,
} from '../engine/change.ts';
import type { RulesService } from '../engine/rules-service.ts';
import type { LimitLevelsReader } from '../limits/limit-levels.ts';
import { describeSet } from '../ruleset/describe-set.ts';
import { RulesRejection } from '../ruleset/rejection.ts';
import type { AuditLog } from '../store/audit-log.ts';
import { readSet, requireGood, skippingBad } from '../store/read-set.ts';
import { sharedBytes } from '../store/shared-bytes.ts';
import { readApplied } from './apply-document.ts';
import '../../errors/schema-text.ts';
import type { Caller, CallerIdentity } from '../../ipc/rules-access.ts';
import { permittedBans } from './permitted-bans.ts';
import { contextOf, notesAbout } from './rule-notes.ts';

/** Bytes of the audit file that are read, from its end, for a client on the network. */
const AUDIT_BYTES = 1024 * 1024;

/** Verbs that change nothing. */
const READ_VERBS: ReadonlySet<RulesVerb> = new Set(['list', 'test', 'audit', 'propose_permits']);

export interface RulesApiOptions {
  readonly service: RulesService;
  readonly audit: Pick<AuditLog, 'newest'>;
  readonly compiler: Compiler;
  readonly snapshot: () => RulesSnapshot;
  /** Adds the rules' state in the kernel. */
  readonly inForce?: (snapshot: RulesSnapshot) => Promise<RulesSnapshot>;
  /** Undefined: no loader runs. */
  readonly levels?: Pick<LimitLevelsReader, 'top'>;
  readonly dryRun: (request: CheckedRulesRequest<'test'>, caller: Caller) => Promise<RulesResults['test']>;
  /** Proposes the permit rules that the default policy deny needs. `caller`: of a client that may change rules. */
  readonly proposePermits: (caller: CallerIdentity | undefined) => Promise<PermitProposals>;
  /** Returns the deny rules of the bans in force. */
  readonly bans?: () => readonly Rule[];
  /** Returns the names of the watched interfaces; undefined: not known. */
  readonly watched?: () => readonly string[] | undefined;
  /** Called with an internal error, to log it. */
  readonly failed: (error: unknown) => void;
}

type Handlers = {
  readonly [Verb in RulesVerb]: (
    request: CheckedRulesRequest<Verb>,
    who: CallerIdentity,
    written: Written,
    caller: Caller,
  ) => Promise<RulesResults[Verb]>;
};
/** The parts of a valid request as the client sent them, before they were brought into canonical form. */
interface Written {
  readonly rule?: unknown;
  readonly rules?: readonly unknown[];
  readonly permits?: readonly unknown[];
  readonly changes?: unknown;
  readonly document?: { readonly rules?: readonly unknown[] };
}
export type ImportRequest = Omit<CheckedRulesRequest<'import'>, 'entries'>;

export class RulesApi {
  readonly #options: RulesApiOptions;
  readonly #handlers: Handlers;

  constructor(options: RulesApiOptions) {
    this.#options = options;
    const { service, audit, snapshot, dryRun, inForce = async (rules) => rules } = options;
    this.#handlers = {
      list: async () => inForce(snapshot()),
      add: async (request, who, { rule }) => {
        const done = await this.#change(adding(request, who));
        return this.#noted(done, [done.rule], [rule]);
      },
      add_many: async (request, who, { rules }) => {
        const done = await this.#change(addingMany(request, who));
        const made = done.rules.map(({ rule }) => rule);
        return this.#noted(done, made, rules ?? []);
      },
      edit: async (request, who, { changes }) => {
        const done = await this.#change(editing(request, who));
        return this.#noted(done, [done.rule], [changes]);
      },
      remove: (request, who) => this.#change(removing(request, who)),
      policy: async (request, who, { permits = [] }) => {
        const done = await this.#change(choosingPolicy(request, who));
        return this.#noted(done, done.rules?.map(({ rule }) => rule) ?? [], permits);
      },
      propose_permits: (_request, who, _written, { mayChange }) => options.proposePermits(mayChange ? who : undefined),
      import: ({ entries, ...request }, who) => this.#import(request, Buffer.from(entries), who),
      apply: (request, who, { document }) => this.#apply(request, document?.rules ?? [], who),
      test: (request, _who, _written, caller) => dryRun(request, caller),
      confirm: (_, who) => service.confirm(who),
      revert: async (_, who) => ({ revision: await service.revert(who) }),
      undo: async ({ change }, who) => {
        const { value, ...rest } = await service.undo(who, change);
        return { ...value, ...rest };
      },
      redo: async ({ change }, who) => {
        const { value, ...rest } = await service.redo(who, change);
        return { ...value, ...rest };
      },
      audit: async ({ limit }, { via }) => ({
        entries: audit.newest(limit, via === 'socket' ? AUDIT_BYTES : undefined),
      }),
    };
  }

  snapshot(): RulesSnapshot {
    return this.#options.snapshot();
  }

  /** Handles a request `limits:top`. Never rejects. */
  async limits(request: unknown): Promise<Acknowledgement<LimitLevels>> {
    return this.#options.levels?.top(request) ?? { ok: false, error: NO_LEVELS };
  }

  /** Records a dry run that a command of root made over recorded packets. */
  limitTried(request: unknown): { ok: true; value: Record<string, never> } | { ok: false; error: RulesError } {
    const parsed = limitTriedSchema.safeParse(request);
    if (!parsed.success) return { ok: false, error: invalidRequest(parsed.error) };
    const { rule, for_ms, ...counts } = parsed.data;
    this.#options.service.tried(rule, { forMs: for_ms, ...counts });
    return { ok: true, value: {} };
  }

  /** Handles a request. Never throws. */
  async ask<Verb extends RulesVerb>(verb: Verb, request: unknown, caller: Caller): Promise<RulesAnswer<Verb>> {
    if (!caller.mayChange && !READ_VERBS.has(verb)) return { ok: false, error: FORBIDDEN };
    const parsed = rulesRequestSchemas[verb].safeParse(request);
    if (!parsed.success) return { ok: false, error: invalidRequest(parsed.error) };
    if (!caller.mayNameFiles && namesFiles(parsed.data)) return { ok: false, error: NO_FILES };
    const handler: Handlers[Verb] = this.#handlers[verb];
    return this.#answer(() =>
      handler(parsed.data as CheckedRulesRequest<Verb>, caller.who, request as Written, caller),
    );
  }

  /** Handles an `import` of a list that is too long for a JSON string. Never throws. */
  importBytes(request: unknown, entries: Uint8Array, { who }: Caller): Promise<RulesAnswer<'import'>> {
    const parsed = rulesRequestSchemas.import.safeParse({ ...(request as object), entries: '' });
    if (!parsed.success) return Promise.resolve({ ok: false, error: invalidRequest(parsed.error) });
    return this.#answer(() => this.#import(parsed.data, entries, who));
  }

  async #answer<Verb extends RulesVerb>(work: () => Promise<RulesResults[Verb]>): Promise<RulesAnswer<Verb>> {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      if (error instanceof RulesRejection) return { ok: false, error: error.error };
      this.#options.failed(error);
      return { ok: false, error: INTERNAL };
    }
  }

  async #import(request: ImportRequest, entries: Uint8Array, who: CallerIdentity): Promise<RulesResults['import']> {
    const origin = request.file === undefined ? NO_FILE : { kind: 'file' as const, path: request.file };
    const text = sharedBytes(entries);
    const read = await readSet(this.#options.compiler, { name: request.set, origin, text, loadedAtMs: Date.now() });
    const set = request.skip_bad ? skippingBad(read) : requireGood(read);
    const done = await this.#change(importing(request, set, who));
    const answer = { ...done, bad_lines: [...read.badLines], bad_line_count: read.badLineCount };
    return this.#noted(answer, [done.rule], [], read.notes);
  }

  async #apply(
    request: CheckedRulesRequest<'apply'>,
    written: readonly unknown[],
    who: CallerIdentity,
  ): Promise<RulesResults['apply']> {
    const { service, compiler } = this.#options;
    const { desired, notes } = await readApplied(request, written, compiler);
    const change = applying(desired, request, who);
    if (!request.check) {
      const done = await this.#change(change);
      return this.#noted(done, [...done.diff.added, ...done.diff.changed.map(({ after }) => after)], [], notes);
    }
    const { value, risk } = await service.check(change);
    const answer = { ...value, revision: service.revision, ...(risk === undefined ? {} : { risk }) };
    return this.#noted(answer, value.diff.added, [], notes);
  }

  /** Adds notes about `rules` to an answer. `written`: these rules as the client sent them. */
  #noted<Value extends object>(
    done: Value,
    rules: readonly Rule[],
    written: readonly unknown[],
    notes: readonly string[] = [],
  ): Value {
    const { service, watched } = this.#options;
    const context = contextOf([...service.ruleset.sets.values()].map(describeSet), watched?.());
    const permitted = permittedBans(rules, this.#options.bans?.() ?? [], service.ruleset.sets);
    const all = [...notes, ...notesAbout(rules, written, context), ...permitted];
    return all.length === 0 ? done : { ...done, notes: all };
  }

  async #change<Value extends object>(change: Change<Value>) {
    const { value, revision, pending, warning } = await this.#options.service.ask(change);
    return {
      ...value,
      revision,
      ...(pending === undefined ? {} : { pending }),
      ...(warning === undefined ? {} : { warning }),
    };
  }
}

/** Returns whether a request names a file that the loader's machine would read, now or later. */
function namesFiles(request: object): boolean {
  if ('file' in request) return true;
  const document = 'document' in request ? (request.document as Partial<RulesFile>) : {};
  return Object.values(document.sets ?? {}).some(({ file }) => file !== undefined);
}

const NO_LEVELS = {
  code: 'unavailable',
  message: 'Levels of limits are in the kernel, and packetlog is not running. Start it: packetlog run.',
} as const;

const NO_FILE = { kind: 'copy' } as const;

const FORBIDDEN: RulesError = {
  code: 'forbidden',
  message:
    'This connection is read-only. Open the second URL that packetlog printed when it started, the one with admin_token.',
};

const NO_FILES: RulesError = {
  code: 'forbidden',
  field: 'file',
  message:
    'A file on the loader’s machine can only be named on that machine: packetlog rules import FILE. Send its content instead.',
};

const INTERNAL: RulesError = { code: 'internal', message: 'The request failed in the loader; see its log.' };
