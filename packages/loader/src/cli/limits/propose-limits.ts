/** `packetlog limits propose`: limits for the services in recorded packets, with the dry run of each. Changes nothing. */
import { setImmediate } from 'node:timers/promises';
import { type PastLimit, rulesRequestSchemas } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { overlaps, type TimeRange } from '../../past/reading/time-range.ts';
import { type LimitProposal, ServiceRates } from '../../past-dry-run/service-rates.ts';
import { CorruptSegmentError, listSegments, openSegment } from '../../recorder/format/index.ts';
import { printableName } from '../../system/interface-name.ts';
import { type PastOptions, rangeOf } from '../options/past-options.ts';
import { recordDirectory } from '../process/recorded-directory.ts';
import { say } from '../process/say.ts';
import { Stop } from '../process/stop.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { evaluatePast, ProgressLine } from '../rules/evaluate-past.ts';
import { proposalsText } from './proposals-text.ts';

const NS_PER_MS = 1_000_000n;
const DAY_NS = 86_400_000_000_000n;

/** A proposal, and what it would have done in the same range. */
export interface TriedProposal extends LimitProposal {
  readonly dry_run: Pick<PastLimit, 'seen' | 'over' | 'buckets'> | null;
}

/** Resolves with the exit code: failed if it was interrupted or a segment is damaged. */
export async function proposeLimits(
  { dir, ...times }: PastOptions,
  json: boolean,
  print: (text: string) => void,
): Promise<number> {
  const { fromNs, toNs = BigInt(Date.now()) * NS_PER_MS } = rangeOf(times);
  // Both steps read the same packets, also while packetlog records.
  const range = { fromNs: fromNs ?? toNs - DAY_NS, toNs };
  const directory = await recordDirectory(dir);
  const stop = new AbortController();
  void new Stop().requested.then(() => stop.abort());
  const { rates, damaged } = await measured(directory, range, stop.signal);
  if (stop.signal.aborted) {
    say('packetlog: interrupted before all segments were read. Repeat it.', 'error');
    return EXIT.failed;
  }
  for (const message of damaged) say(`packetlog: ${message}`, 'error');
  const proposals = await tried(rates.proposals(), directory, range, stop.signal);
  const lines = json
    ? [terminalJson({ from_ns: String(range.fromNs), to_ns: String(toNs), proposals, uncounted: rates.uncounted })]
    : proposalsText(proposals, rates.uncounted).map(printableName);
  print(`${lines.join('\n')}\n`);
  return damaged.length > 0 || stop.signal.aborted ? EXIT.failed : EXIT.ok;
}

async function measured(directory: string, { fromNs, toNs }: Required<TimeRange>, stop: AbortSignal) {
  const rates = new ServiceRates();
  const damaged: string[] = [];
  const progress = new ProgressLine();
  const isInRange = (ns: bigint) => ns >= (fromNs ?? 0n) && (toNs === undefined || ns < toNs);
  let read = 0;
  for (const file of listSegments(directory)) {
    if (stop.aborted) break;
    try {
      using segment = openSegment(file);
      if (segment && overlaps({ fromNs, toNs }, segment.facts)) rates.add(segment.records(), isInRange);
    } catch (error) {
      if (!(error instanceof CorruptSegmentError)) throw error;
      damaged.push(error.message);
    }
    progress.show(() => `Read ${++read} segments. Ctrl-C ends without a result.`);
    // Signals arrive only between turns of the event loop.
    await setImmediate();
  }
  progress.clear();
  return { rates, damaged };
}

async function tried(
  proposals: readonly LimitProposal[],
  directory: string,
  range: TimeRange,
  stop: AbortSignal,
): Promise<TriedProposal[]> {
  if (proposals.length === 0) return [];
  const request = rulesRequestSchemas.test.parse({ rules: proposals.map(({ rule }) => rule), seconds: 1 });
  const { report } = await evaluatePast({ request, directory, range, rules: undefined, protect: [], stop });
  return proposals.map((proposal, index) => {
    const limit = report.limits?.find(({ draft }) => draft === index);
    const dry_run = limit === undefined ? null : { seen: limit.seen, over: limit.over, buckets: limit.buckets };
    return { ...proposal, dry_run };
  });
}
