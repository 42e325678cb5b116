/** A dry run over recorded packets, with the rules that are in force and the addresses that must not be locked out. */
import type { CheckedRulesRequest } from '@packetlog/common';
import type { TimeRange } from '../../past/reading/time-range.ts';
import type { PastDryRun } from '../../past-dry-run/past-dry-run.ts';
import { type PastResult, tryPast } from '../../past-dry-run/try-past.ts';
import { Compiler } from '../../rules/compiler/worker/compiler.ts';
import { readRulesFile } from '../../rules/engine/start.ts';
import { EMPTY_RULESET, type Ruleset } from '../../rules/ruleset/ruleset.ts';
import { gatherProtected } from '../../rules/safety/protected-sources.ts';
import { RuleStore } from '../../rules/store/rule-store.ts';
import { type StatePaths, statePaths } from '../../rules/store/state-directory.ts';
import { say } from '../process/say.ts';

export interface PastEvaluation {
  readonly request: CheckedRulesRequest<'test'>;
  /** Of the segments. */
  readonly directory: string;
  readonly range: TimeRange;
  /** The value of `--rules`. */
  readonly rules: string | undefined;
  /** The values of `--protect`. */
  readonly protect: readonly string[];
  /** Ends the dry run, which then reports what it found. */
  readonly stop: AbortSignal;
}

/** Shows progress on a terminal. Throws RulesRejection, or the error of the file system. */
export async function evaluatePast(given: PastEvaluation): Promise<PastResult> {
  const { request, directory, range, rules, protect, stop } = given;
  const compiler = new Compiler();
  const progress = new ProgressLine();
  try {
    return await tryPast({
      request,
      directory,
      range,
      current: await currentRules(statePaths(process.env, rules), compiler),
      protectedNow: (ruleset) =>
        gatherProtected({
          procNet: '/proc/self/net',
          environment: process.env,
          operators: [],
          servedPort: undefined,
          protect: [...ruleset.protect, ...protect],
        }),
      compiler,
      stop,
      progress: (done, all, dryRun) => progress.show(() => progressText(done, all, dryRun)),
    });
  } finally {
    progress.clear();
    await compiler.close();
  }
}

/** Reads the rules file without its lock. Without one that can be used, only the tried rules are known. */
async function currentRules(paths: StatePaths, compiler: Compiler): Promise<Ruleset> {
  try {
    return (await readRulesFile(new RuleStore(paths), compiler, paths)) ?? EMPTY_RULESET;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    say(`Warning: ${paths.rules} cannot be read, so sources of its permit rules are not recognized: ${why}.`);
    return EMPTY_RULESET;
  }
}

function progressText(done: number, all: number, { evaluated, sums }: PastDryRun): string {
  const grouped = (value: number) => value.toLocaleString('en-US');
  return `${grouped(done)} of ${grouped(all)} segments, ${grouped(evaluated.packets)} packets evaluated, ${grouped(
    sums?.newlyDenied.packets ?? 0,
  )} would be denied. Ctrl-C ends with a partial result.`;
}

const SHOW_EVERY_MS = 200;

/** One line on a terminal that is overwritten; nothing elsewhere. */
export class ProgressLine {
  #shownAt = performance.now();
  #width = 0;

  show(text: () => string): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < SHOW_EVERY_MS) return;
    this.#shownAt = performance.now();
    const line = text();
    process.stderr.write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }

  clear(): void {
    if (this.#width > 0) process.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
