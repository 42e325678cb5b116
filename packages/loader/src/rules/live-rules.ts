/** The rules of a running loader: from the disk into the kernel, and all that goes on around them. */
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { InForce, Ledger, Notice, RuleCounters, RulesSnapshot } from '@packetlog/common';
import type { RuleGround } from '../drain/messages.ts';
import type { KernelState, RulePublisher } from '../drain/rule-publisher.ts';
import type { RuleHits } from '../history/history.ts';
import type { RuleCount } from '../kernel/rule-counters.ts';
import { SetupError } from '../setup-error.ts';
import { AuditLog } from './audit-log.ts';
import { type RuleBook, saysSomething } from './book/rule-book.ts';
import { Compiler } from './compiling/compiler.ts';
import { serveControl } from './control/control-server.ts';
import type { ControlSession } from './control/session.ts';
import { Desk } from './desk.ts';
import type { Who } from './engine/change.ts';
import { Enforcement, type RuleKernel } from './engine/enforcement.ts';
import { FollowedFiles } from './engine/followed-files.ts';
import { type Pin, Pinning } from './engine/pinning.ts';
import { RulesService } from './engine/rules-service.ts';
import { readAgain, readStart, type Start } from './engine/start.ts';
import { Upkeep } from './engine/upkeep.ts';
import { cannotEnforce, cannotStart, messageOf } from './engine/words.ts';
import { readCounts, writeCounts } from './file/counts-file.ts';
import { RuleStore } from './file/rule-store.ts';
import { RulesFileError } from './file/rules-document.ts';
import type { StatePaths } from './file/state-directory.ts';
import { gatherProtected } from './protect/protected.ts';
import { RulesRefusal } from './refusal.ts';
import { type RecordShapeOf, Rehearsals } from './rehearsal/rehearsals.ts';
import { rehearse } from './rehearsal/rehearse.ts';
import { withWarnings } from './warnings.ts';

/** The drain thread reports each second, unless nothing arrives. */
const REPORT_LATE_MS = 1500;

export interface LiveRulesOptions {
  readonly paths: StatePaths;
  /** Of `--protect`. */
  readonly protect: readonly string[];
  readonly confirmMs: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Where clients connect. */
  readonly servedPort: number | undefined;
  /** Addresses of the clients that may change rules. */
  readonly operators: () => readonly string[];
  readonly changed: () => void;
  /** Before the report of the second in which the rules decided. */
  readonly counted: (counters: RuleCounters, hits: readonly RuleHits[]) => void;
  readonly notice: (notice: Notice) => void;
  readonly wantRows: (isWanted: boolean) => void;
  readonly failed: (error: unknown) => void;
  /** For other commands on this machine. */
  readonly session: () => ControlSession;
}

/** Asks the kernel; a RulePublisher. */
export type KernelReader = Pick<RulePublisher, 'inForce'>;

export class LiveRules {
  readonly #options: LiveRulesOptions;
  readonly #store: RuleStore;
  readonly #audit: AuditLog;
  readonly #compiler = new Compiler();
  readonly #rehearsalCompiler = Compiler.apart();
  readonly #rehearsals: Rehearsals;
  #service: RulesService | undefined;
  #desk: Desk | undefined;
  #ground: RuleGround | undefined;
  #interfaces: Ledger['interfaces'] = [];
  #control: Server | undefined;
  readonly #pinning = new Pinning((error) => this.#tell('error', `The rules end with the loader: ${messageOf(error)}`));
  #upkeep: Upkeep | undefined;
  #files: FollowedFiles | undefined;
  #kernel: KernelReader | undefined;
  #kernelState: KernelState | undefined;
  #reportedAt = 0;

  constructor(options: LiveRulesOptions) {
    this.#options = options;
    this.#store = new RuleStore(options.paths, {
      keptAside: (copy) =>
        this.#tell(
          'warning',
          `The rules file is written by a change. Its edit, which is not in force, is kept: ${copy}.`,
        ),
    });
    this.#audit = new AuditLog(options.paths.audit);
    this.#rehearsals = new Rehearsals((isWanted) => {
      options.wantRows(isWanted);
      this.#upkeep?.plan();
    });
  }

  get desk(): Desk {
    if (this.#desk === undefined) throw new Error('the program is not loaded yet');
    return this.#desk;
  }

  /** Puts what is on the disk in force, before anything is attached. Throws SetupError if there are rules, but none to trust. */
  async loaded(ground: RuleGround, kernel: RuleKernel & KernelReader): Promise<void> {
    const start = await this.#read();
    const enforcement = new Enforcement(kernel, this.#compiler, ground);
    enforcement.totals.resume(readCounts(this.#options.paths.counts), ground.counters ?? new Map());
    const service = new RulesService({
      enforcement,
      store: this.#store,
      rulesFile: this.#options.paths.rules,
      audit: this.#audit,
      protectedNow: (now, who) => this.#protectedNow(now, who),
      confirmMs: this.#options.confirmMs,
      changed: () => {
        this.#upkeep?.plan();
        this.#keepCounts();
        this.#options.changed();
      },
      notice: this.#options.notice,
      enforced: (now) => this.#pinning.follow(now),
    });
    this.#ground = ground;
    this.#kernel = kernel;
    this.#service = service;
    const parts = { service, store: this.#store, compiler: this.#compiler, notice: this.#options.notice };
    this.#files = new FollowedFiles(parts);
    this.#upkeep = new Upkeep({
      service,
      files: this.#files,
      isWanted: () => this.#rehearsals.isPlaying,
      ticked: (nowMs) => {
        if (nowMs - this.#reportedAt > REPORT_LATE_MS) this.#rehearsals.second(seenBy(this.#interfaces), nowMs);
      },
    });
    this.#desk = new Desk({
      service,
      audit: this.#audit,
      compiler: this.#compiler,
      snapshot: () => this.snapshot(),
      watched: () => this.#watched(),
      inForce: async () => {
        await this.#readBack();
        return this.snapshot();
      },
      rehearse: (request, asker) =>
        rehearse(request, asker, {
          service,
          enforcement,
          compiler: this.#rehearsalCompiler,
          rehearsals: this.#rehearsals,
          slots: this.#slotsByIfindex(),
        }),
      failed: this.#options.failed,
    });
    await this.#begin(service, start);
    await this.#files.takeAll();
    this.#upkeep?.plan();
    this.#keepCounts();
    if (start.edited !== undefined && !service.alarms.all.some(({ code }) => code === 'rules_file')) {
      this.#tell('info', 'The rules file was edited by hand; it is valid and in force.');
    }
  }

  /** From now on program and maps outlive the process while something is denied. */
  pinBy(pin: Pin): Promise<void> {
    return this.#pinning.by(pin, (this.#service as RulesService).confirmed);
  }

  /** Listens for `packetlog rules`. */
  async serve(): Promise<void> {
    const { controlSocket } = this.#options.paths;
    try {
      this.#control = await serveControl(controlSocket, this.desk, this.#options.session);
      if (this.#control) return;
      this.#tell('warning', `Another loader answers at ${controlSocket}: packetlog rules reaches that one, not this.`);
    } catch (error) {
      this.#tell('warning', `packetlog rules cannot reach this loader: ${messageOf(error)}.`);
    }
  }

  snapshot(): RulesSnapshot {
    const service = this.#service as RulesService;
    const in_force = this.#kernelState && inForceBy(this.#kernelState);
    const snapshot = service.snapshot({
      enforcing: saysSomething(service.book) && (in_force?.is_current ?? true),
      pinned: this.#pinning.path !== undefined,
      ...(in_force === undefined ? {} : { in_force }),
    });
    return withWarnings(snapshot, this.#watched());
  }

  /** What is called in force is what the kernel has, not what was asked of it: tells when that is another. */
  async #readBack(): Promise<void> {
    const before = JSON.stringify(this.#kernelState);
    this.#kernelState = await this.#kernel?.inForce();
    if (before !== JSON.stringify(this.#kernelState)) this.#options.changed();
  }

  #watched(): readonly string[] | undefined {
    return (this.#interfaces.length > 0 ? this.#interfaces : this.#ground?.interfaces)?.map(({ name }) => name);
  }

  counts(counts: readonly RuleCount[]): void {
    const counted = this.#service?.counted(counts);
    if (counted !== undefined && counted.moved.length > 0) this.#options.counted(counted.moved, counted.hits);
  }

  rows(bytes: Uint8Array, count: number, shape: RecordShapeOf): void {
    this.#rehearsals.rows(bytes, count, shape);
  }

  /** When the drain thread reports: once a second, or less often while nothing arrives. */
  second(interfaces: Ledger['interfaces'], nowMs: number): void {
    this.#interfaces = interfaces;
    this.#reportedAt = nowMs;
    const slots = this.#ground?.interfaces ?? [];
    this.#service?.named(slots.map(({ name, slot }, i) => ({ name: interfaces[i]?.name ?? name, slot })));
    this.#rehearsals.second(seenBy(interfaces), nowMs);
    // It rejects when the drain thread ends, which is told elsewhere.
    if (this.#service && saysSomething(this.#service.book)) this.#readBack().catch(() => {});
  }

  /** Reads the rules file and the lists of all sets again. */
  async reload(): Promise<void> {
    const service = this.#service as RulesService;
    const read = () =>
      readAgain(this.#store, this.#compiler, service.confirmed).catch((error: unknown) => {
        const problem = messageOf(error).replace(/\.$/, '');
        service.fileRejected(
          `The rules file ${this.#options.paths.rules} ${problem}. The rules before it are in force. Repair the file and ` +
            'reload (kill -HUP).',
        );
        return undefined;
      });
    try {
      const loaded = await service.load(read, 'asked for by SIGHUP');
      if (loaded === undefined) return;
      const { pending } = loaded;
      await this.#files?.takeAll();
      this.#tell(
        'info',
        pending ? `The rules were read again, to be confirmed: ${pending.why}` : 'The rules were read again.',
      );
    } catch (error) {
      if (!(error instanceof RulesRefusal)) this.#tell('error', `The rules were not read again: ${messageOf(error)}`);
    }
  }

  /** Nothing is changed any more; the kernel keeps what it has. */
  async close(nowMs: number): Promise<void> {
    this.#upkeep?.end();
    this.#rehearsals.close(seenBy(this.#interfaces), nowMs);
    this.#control?.closeAllConnections();
    if (this.#control) await new Promise((resolve) => this.#control?.close(resolve));
    await this.#service?.end();
    await this.#compiler.close();
    await this.#rehearsalCompiler.close();
  }

  /** After `close`, when nothing counts any more, or goes on without us. */
  finish(): void {
    this.#keepCounts();
  }

  /** Counters go on in the kernel; which rule they belong to must be known to the next loader. */
  #keepCounts(): void {
    const service = this.#service;
    const hasRules = service !== undefined && service.book.rules.length > 0;
    if (!hasRules && !existsSync(this.#options.paths.counts)) return;
    try {
      writeCounts(this.#options.paths.counts, service?.kept() ?? []);
    } catch (error) {
      this.#tell('warning', `What rules counted cannot be kept: ${messageOf(error)}.`);
    }
  }

  async #begin(service: RulesService, start: Start): Promise<void> {
    try {
      await service.begin(start);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof SetupError ? error.cause : error;
      if (cause instanceof SetupError) throw cannotEnforce(this.#options.paths.rules, cause);
      throw cannotStart(this.#options.paths.rules, error);
    }
  }

  async #read(): Promise<Start> {
    const { paths } = this.#options;
    try {
      return await readStart(this.#store, this.#compiler, paths);
    } catch (cause) {
      if (!(cause instanceof RulesFileError)) throw cause;
      throw new SetupError({
        step: 'read rules',
        target: paths.rules,
        problem: cause.message.replace(/\.$/, ''),
        next: 'Repair it; to begin without rules, remove it and the last good copy.',
        exit: 'usage',
        cause,
      });
    }
  }

  #protectedNow(book: RuleBook, who?: Who) {
    const { environment, servedPort, operators, protect } = this.#options;
    return gatherProtected({
      procNet: this.#ground?.tables ?? '/proc/self/net',
      environment,
      operators: [...operators(), ...(who?.address === undefined ? [] : [who.address])],
      servedPort,
      protect: [...book.protect, ...protect],
    });
  }

  #slotsByIfindex(): ReadonlyMap<number, number> {
    const slots = this.#ground?.interfaces ?? [];
    return new Map(this.#interfaces.map(({ ifindex }, i) => [ifindex, slots[i]?.slot ?? 0]));
  }

  #tell(level: Notice['level'], message: string): void {
    const code = level === 'info' ? 'rules_changed' : 'rules_fallback';
    this.#options.notice({ at_ms: Date.now(), level, code, message });
  }
}

function inForceBy({ images, attached, unfiltered }: KernelState): InForce {
  const is_current = images && attached.length > 0;
  const not_filtered = unfiltered.length > 0 ? { not_filtered: [...unfiltered] } : {};
  return { by: attached.length > 0 ? 'loader' : 'none', interfaces: [...attached], ...not_filtered, is_current };
}

function seenBy(interfaces: Ledger['interfaces']): number {
  return interfaces.reduce((sum, { counters }) => sum + counters.seen, 0);
}
