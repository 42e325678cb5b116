/** Runs a dry run over a directory of segments, until the end of the range or until it is interrupted. */

import { setImmediate } from 'node:timers/promises';
import type { CheckedRulesRequest, PastDryRunReport, Rule } from '@packetlog/common';
import type { TimeRange } from '../past/reading/time-range.ts';
import {
  CorruptSegmentError,
  InterfaceHistory,
  listSegments,
  openSegment,
  readJournal,
} from '../recorder/format/index.ts';
import type { Compiler } from '../rules/compiler/worker/compiler.ts';
import { draftRuleset } from '../rules/dry-run/draft-ruleset.ts';
import { asRejection } from '../rules/engine/rejection-text.ts';
import { EMPTY_RULESET, type Ruleset, saysSomething } from '../rules/ruleset/ruleset.ts';
import { lockedOut } from '../rules/safety/lockout-guard.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';
import { incompleteRange } from './incomplete-range.ts';
import { KnownGood } from './known-good.ts';
import { PastDryRun } from './past-dry-run.ts';
import { pastReport, type TriedLimit, triedLimits } from './past-report.ts';

export interface PastTrial {
  readonly request: CheckedRulesRequest<'test'>;
  readonly directory: string;
  readonly range: TimeRange;
  /** The rules in force now: their lists may be used, and their permit rules name known-good sources. */
  readonly current: Ruleset;
  readonly protectedNow: (ruleset: Ruleset) => readonly Protected[];
  readonly compiler: Compiler;
  /** Ends the dry run, which then reports what it found. */
  readonly stop: AbortSignal;
  /** Called between two segments; absent: until messages and signals were read. */
  readonly pause?: () => Promise<void>;
  /** Called after each segment. */
  readonly progress: (done: number, all: number, dryRun: PastDryRun) => void;
}

export interface PastResult {
  readonly report: PastDryRunReport;
  /** The limits among the rules, and what they would have done. */
  readonly triedLimits: readonly TriedLimit[];
  readonly dryRun: PastDryRun;
}

/** Slot 0 is for other interfaces. */
const OTHER_INTERFACE = 0;

/** Throws RulesRejection, or the error of the file system. */
export async function tryPast(trial: PastTrial): Promise<PastResult> {
  const { directory, range, compiler, current, stop, pause = () => setImmediate() } = trial;
  const { request, expiring } = withoutExpiry(trial.request);
  const { ruleset: drafted, nameOf } = await draftRuleset(request, current, compiler);
  const ruleset = { ...drafted, rules: drafted.rules.map(({ expires_at: _, ...rule }): Rule => rule) };
  const slots = new Map([...interfacesOf(ruleset)].map((name, i) => [name, i + 1]));
  const image = await compiled(ruleset, slots, compiler);
  const addresses = trial.protectedNow(ruleset);
  const knownGood = await KnownGood.of([ruleset, current], addresses, compiler);
  const journal = readJournal(directory);
  const files = listSegments(directory);
  const dryRun = new PastDryRun({
    image,
    rules: ruleset.rules,
    slots,
    range,
    history: new InterfaceHistory(journal.entries),
  });
  const damaged: string[] = [];
  let evaluated = 0;
  for (const file of files) {
    if (stop.aborted) break;
    try {
      using segment = openSegment(file);
      if (segment !== undefined) dryRun.add(segment);
      evaluated++;
    } catch (error) {
      if (!(error instanceof CorruptSegmentError)) throw error;
      damaged.push(error.message);
    }
    trial.progress(evaluated + damaged.length, files.length, dryRun);
    // Signals arrive only between turns of the event loop.
    await pause();
  }
  const nowMs = Date.now();
  const interfaceSlots = [OTHER_INTERFACE, ...slots.values()];
  const report = pastReport({
    dryRun,
    range,
    rules: ruleset.rules,
    nameOf,
    knownGood,
    lockouts: lockedOut(NO_RULES, { ruleset, image }, addresses, interfaceSlots, nowMs),
    expiringRules: expiring + drafted.rules.filter((rule) => rule.expires_at !== undefined).length,
    missing: incompleteRange(journal, range),
    damaged,
    segments: { all: files.length, evaluated },
    nowMs,
  });
  return { report, triedLimits: triedLimits(ruleset.rules, dryRun), dryRun };
}

const NO_RULES = { ruleset: EMPTY_RULESET, image: undefined };

/** An expired draft would be rejected. */
function withoutExpiry(request: CheckedRulesRequest<'test'>) {
  const { rules = [], add } = request;
  const bare = ({ for: _for, expires_at: _at, ...draft }: NonNullable<typeof add>) => draft;
  const expiring = [...rules, ...(add ? [add] : [])].filter((draft) => draft.for ?? draft.expires_at).length;
  const changed = {
    ...request,
    ...(request.rules && { rules: rules.map(bare) }),
    ...(add && { add: bare(add) }),
  };
  return { request: changed, expiring };
}

function interfacesOf({ rules }: Ruleset): Set<string> {
  return new Set(rules.flatMap(({ interface: name }) => name ?? []));
}

async function compiled(
  ruleset: Ruleset,
  interfaceSlots: ReadonlyMap<string, number>,
  compiler: Compiler,
): Promise<SharedArrayBuffer | undefined> {
  if (!saysSomething(ruleset)) return undefined;
  const { rules, defaultPolicy, sets } = ruleset;
  try {
    const { image } = await compiler.compile({
      rules,
      defaultPolicy,
      sets: new Map([...sets].map(([name, { list }]) => [name, list])),
      interfaceSlots,
      // A limit has two.
      counters: { limit: 2 * rules.length + 1, previous: new Map() },
    });
    return image;
  } catch (error) {
    throw asRejection(error);
  }
}
