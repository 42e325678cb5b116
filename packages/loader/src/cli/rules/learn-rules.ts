/** `packetlog rules learn`: proposes rules that deny what only some sources sent, and shows their dry run. */
import { setImmediate } from 'node:timers/promises';
import { type PastLearned, parseNetwork, rulesRequestSchemas, unmapped } from '@packetlog/common';
import { InvalidArgumentError } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { LEARNED_SET, type LearnedFrom, pastLearn } from '../../past/answers/past-learn.ts';
import { PastView } from '../../past/answers/past-view.ts';
import { QuestionError } from '../../past/answers/question-error.ts';
import { KnownFacts } from '../../past/reading/known-facts.ts';
import { plural } from '../../past/reading/report-text.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import type { PastResult } from '../../past-dry-run/try-past.ts';
import { listeningPorts } from '../../system/listening-ports.ts';
import { filterOption } from '../options/filter-option.ts';
import { type PastOptions, rangeOf } from '../options/past-options.ts';
import { recordDirectory } from '../process/recorded-directory.ts';
import { say } from '../process/say.ts';
import { Stop } from '../process/stop.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { dryRunOutcome } from './dry-run-past.ts';
import { evaluatePast, ProgressLine } from './evaluate-past.ts';
import type { Handler } from './handlers.ts';
import { commandsText, learnedText, listCommandOf } from './learned-text.ts';

interface Given extends PastOptions {
  readonly source?: string[];
  readonly print?: 'text' | 'json' | 'commands' | 'sources';
  readonly json?: true;
  readonly rules?: string;
  readonly protect?: string[];
}

/** Resolves with the exit code: failed if a segment was skipped, or not all were read. */
export const learnRules: Handler = async (_, printer, options, words) => {
  const { dir, source = [], print, json, rules, protect = [], ...times } = options as Given;
  const from = learnedFrom(source, words);
  // Both steps of the work, and the dry run, read the same packets, also while packetlog records.
  const { fromNs, toNs = BigInt(Date.now()) * NS_PER_MS } = rangeOf(times);
  const range = { fromNs, toNs };
  const directory = await recordDirectory(dir);
  const listCommand = listCommandOf({ range, from, dir });
  const stop = new AbortController();
  void new Stop().requested.then(() => stop.abort());
  const learned = await learn(directory, range, from, stop.signal);
  if (learned === undefined) {
    say(
      'packetlog: interrupted before all segments were read: what other sources sent is not known. Repeat it.',
      'error',
    );
    return EXIT.failed;
  }
  const damaged = learned.coverage.missing.some(({ kind }) => kind === 'damaged') ? EXIT.failed : EXIT.ok;
  if (print === 'sources') {
    const { rules: bySource, list } = learned.by_source;
    for (const each of list.length > 0 ? list : bySource.map((rule) => rule.source)) printer.raw(`${each}\n`);
    return damaged;
  }
  if (print === 'commands') {
    for (const line of commandsText(proposedBy(learned), listCommand)) printer.raw(`${line}\n`);
    return damaged;
  }
  const dryRun = await dryRunOf(learned, { directory, range, rules, protect, stop: stop.signal });
  if (json || print === 'json') printer.raw(`${terminalJson({ ...learned, dry_run: dryRun?.report ?? null })}\n`);
  else printer.answer({ ok: true, value: learned }, () => learnedText(learned, dryRun, listCommand));
  return dryRun === undefined ? damaged : dryRunOutcome(dryRun);
};

const NS_PER_MS = 1_000_000n;
/** More than a filter may match. */
const MAX_LIST = 1_000_000;

function learnedFrom(sources: readonly string[], words: readonly string[]): LearnedFrom {
  if (sources.length > 0 === words.length > 0) throw oneOfBoth();
  if (sources.length > 0) return { networks: sources.map((text) => unmapped(parseNetwork(text))) };
  try {
    return { filter: filterOption(words.join(' ')) };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new SetupError({ step: 'read', target: 'the filter', problem: error.message, exit: 'usage', cause: error });
  }
}

function oneOfBoth(): SetupError {
  return new SetupError({
    step: 'learn',
    target: 'rules',
    problem: 'the sources must come from either --source or a filter',
    next: "Write --source 203.0.113.0/24, or a filter such as 'tcp dst port 23'.",
    exit: 'usage',
  });
}

/** Returns undefined if it was stopped. */
async function learn(
  directory: string,
  range: TimeRange,
  from: LearnedFrom,
  stop: AbortSignal,
): Promise<PastLearned | undefined> {
  const learning = pastLearn(new PastView(directory, new KnownFacts()), {
    ...{ range, from, isAnonymized: false },
    services: listeningPorts('/proc/self/net'),
    limits: { list: MAX_LIST },
  });
  const progress = new ProgressLine();
  try {
    for (let segments = 1; ; segments++) {
      const { done, value } = learning.next();
      if (done === true) return value;
      progress.show(() => `Read ${plural(segments, 'segment')}. Ctrl-C ends without a result.`);
      // Signals arrive only between turns of the event loop.
      await setImmediate();
      if (stop.aborted) return undefined;
    }
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    throw new SetupError({ step: 'learn', target: 'rules', problem: error.message.replace(/\.$/, ''), exit: 'usage' });
  } finally {
    progress.clear();
  }
}

/** Returns the rules by kind; without any, those by source. */
function proposedBy(learned: PastLearned): PastLearned['by_source']['rules'] {
  const { by_kind, by_source } = learned;
  return by_kind.rules.length > 0 ? by_kind.rules.map(({ rule }) => rule) : by_source.rules;
}

async function dryRunOf(
  learned: PastLearned,
  given: Omit<Parameters<typeof evaluatePast>[0], 'request'>,
): Promise<PastResult | undefined> {
  const rules = proposedBy(learned);
  if (rules.length === 0) return undefined;
  const sets = { [LEARNED_SET]: learned.by_source.list.join('\n') };
  const isList = rules.some(({ source }) => source === `set:${LEARNED_SET}`);
  const request = rulesRequestSchemas.test.parse({ rules, seconds: 1, ...(isList && { sets }) });
  return evaluatePast({ ...given, request });
}
