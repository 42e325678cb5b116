/** The rules of a replay: read like those of a start, and compiled for the interfaces that the capture has. */
import { totalmem } from 'node:os';
import { SetupError } from '../errors/setup-error.ts';
import { RulesCompileError } from '../rules/compiler/compile-error.ts';
import { Compiler } from '../rules/compiler/worker/compiler.ts';
import { readRulesFile } from '../rules/engine/start.ts';
import { validate } from '../rules/engine/validate.ts';
import { RulesRejection } from '../rules/ruleset/rejection.ts';
import { EMPTY_RULESET, type Ruleset, saysSomething } from '../rules/ruleset/ruleset.ts';
import { RuleStore } from '../rules/store/rule-store.ts';
import { RulesFileError } from '../rules/store/rules-document.ts';
import type { StatePaths } from '../rules/store/state-directory.ts';
import { ruleCounterSlots } from '../xdp/rule-counters.ts';
import { ExpiryPeriods } from './expiry-periods.ts';

export class ReplayRules {
  /** Without limits: the time of their buckets is that of the kernel, not of the capture. */
  readonly ruleset: Ruleset;
  /** Number of limits in the file. */
  readonly limits: number;
  readonly periods: ExpiryPeriods;
  readonly #compiler: Compiler;
  readonly #file: string;

  private constructor(compiler: Compiler, ruleset: Ruleset, file: string) {
    this.#compiler = compiler;
    this.#file = file;
    const rules = ruleset.rules.filter(({ action }) => action !== 'limit');
    this.ruleset = { ...ruleset, rules };
    this.limits = ruleset.rules.length - rules.length;
    this.periods = new ExpiryPeriods(rules);
  }

  /** `isRequired`: the file must exist; otherwise no rules apply without it. Throws SetupError. */
  static async read(paths: StatePaths, isRequired: boolean): Promise<ReplayRules> {
    const compiler = new Compiler();
    try {
      const found = await readRulesFile(new RuleStore(paths), compiler, paths);
      if (found === undefined && isRequired) {
        throw new SetupError({ step: 'read rules', target: paths.rules, problem: 'no such file', exit: 'usage' });
      }
      const ruleset = found ?? EMPTY_RULESET;
      validate(ruleset, ruleset, new Set(), () => false);
      return new ReplayRules(compiler, ruleset, paths.rules);
    } catch (error) {
      await compiler.close();
      throw rulesError(paths.rules, error);
    }
  }

  /** Names of interfaces in rules. */
  get interfaces(): Set<string> {
    return new Set(this.ruleset.rules.flatMap(({ interface: name }) => name ?? []));
  }

  /**
   * Compiles the rules, whose expiries are translated to periods. `slots`: slot by interface name. Resolves with
   * undefined if every packet is permitted. Throws SetupError.
   */
  async compile(slots: ReadonlyMap<string, number>, cpus: number): Promise<Uint8Array | undefined> {
    if (!saysSomething(this.ruleset)) return undefined;
    const { rules, defaultPolicy, sets } = this.ruleset;
    try {
      const { image } = await this.#compiler.compile({
        rules: this.periods.translated(rules),
        defaultPolicy,
        sets: new Map([...sets].map(([name, { list }]) => [name, list])),
        interfaceSlots: slots,
        counters: { limit: ruleCounterSlots(totalmem(), cpus), previous: new Map() },
      });
      return new Uint8Array(image);
    } catch (error) {
      throw rulesError(this.#file, error);
    }
  }

  close(): Promise<void> {
    return this.#compiler.close();
  }
}

function rulesError(file: string, cause: unknown): unknown {
  const isOurs =
    cause instanceof RulesFileError || cause instanceof RulesRejection || cause instanceof RulesCompileError;
  if (!isOurs) return cause;
  return new SetupError({
    step: 'read rules',
    target: file,
    problem: cause.message.replace(/\.$/, ''),
    exit: 'usage',
    cause,
  });
}
