/** `packetlog rules dry-run FILE --from TIME`: what rules would have denied of the recorded packets. */
import { invalidRequest, type RulesError, rulesRequestSchemas } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import type { PastDryRun } from '../../past-dry-run/past-dry-run.ts';
import { type PastResult, tryPast } from '../../past-dry-run/try-past.ts';
import { Compiler } from '../../rules/compiler/worker/compiler.ts';
import { readRulesFile } from '../../rules/engine/start.ts';
import { RulesRejection } from '../../rules/ruleset/rejection.ts';
import { EMPTY_RULESET, type Ruleset } from '../../rules/ruleset/ruleset.ts';
import { gatherProtected } from '../../rules/safety/protected-sources.ts';
import { RuleStore } from '../../rules/store/rule-store.ts';
import { type StatePaths, statePaths } from '../../rules/store/state-directory.ts';
import { type PastOptions, rangeOf, recordDirectory } from '../options/past-options.ts';
import { say } from '../process/say.ts';
import { Stop } from '../process/stop.ts';
import { dryRunPastText } from './dry-run-past-text.ts';
import type { Handler } from './handlers.ts';
import type { Outcome } from './printer.ts';
import { requestedDryRun } from './requested-dry-run.ts';

interface Given extends PastOptions {
  readonly rules?: string;
  readonly protect?: string[];
}

/** Resolves with the exit code: failed if a segment was skipped, or not all were evaluated. */
export const dryRunPast: Handler = async (_, printer, options, args) => {
  const { dir, rules, protect = [], ...times } = options as Given;
  const range = rangeOf(times);
  const directory = recordDirectory(dir);
  const parsed = rulesRequestSchemas.test.safeParse(await requestedDryRun(args, options, 1));
  if (!parsed.success) return rejected(invalidRequest(parsed.error));
  const compiler = new Compiler();
  const stop = new AbortController();
  void new Stop().requested.then(() => stop.abort());
  const progress = new Progress();
  try {
    const result = await tryPast({
      request: parsed.data,
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
      stop: stop.signal,
      progress: (done, all, dryRun) => progress.show(done, all, dryRun),
    });
    progress.clear();
    printer.answer({ ok: true, value: result.report }, () => dryRunPastText(result));
    return outcomeOf(result);
  } catch (error) {
    progress.clear();
    if (!(error instanceof RulesRejection)) throw error;
    return rejected(error.error);
  } finally {
    await compiler.close();
  }

  function rejected(error: RulesError): Outcome {
    return printer.answer<never>({ ok: false, error }, () => []);
  }
};

function outcomeOf({ report: { incomplete } }: PastResult): Outcome {
  for (const message of incomplete.damaged) say(`packetlog: ${message}`, 'error');
  return incomplete.damaged.length > 0 || incomplete.is_partial ? EXIT.failed : EXIT.ok;
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

const SHOW_EVERY_MS = 200;

/** One line on a terminal that is overwritten; nothing elsewhere. */
class Progress {
  #shownAt = performance.now();
  #width = 0;

  show(done: number, all: number, { evaluated, sums }: PastDryRun): void {
    if (!process.stderr.isTTY || performance.now() - this.#shownAt < SHOW_EVERY_MS) return;
    this.#shownAt = performance.now();
    const grouped = (value: number) => value.toLocaleString('en-US');
    const line = `${grouped(done)} of ${grouped(all)} segments, ${grouped(evaluated.packets)} packets evaluated, ${grouped(
      sums?.newlyDenied.packets ?? 0,
    )} would be denied. Ctrl-C ends with a partial result.`;
    process.stderr.write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }

  clear(): void {
    if (this.#width > 0) process.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
