/** Formats what was learned from recorded packets: kinds of traffic, and rules as commands. */
import {
  formatFilter,
  formatRuleSource,
  kindName,
  type LearnedKind,
  type PastLearned,
  type RuleDraft,
} from '@packetlog/common';
import type { LearnedFrom } from '../../past/answers/past-learn.ts';
import { aligned, utcText } from '../../past/reading/report-text.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import type { PastResult } from '../../past-dry-run/try-past.ts';
import { dryRunPastText } from './dry-run-past-text.ts';
import { one } from './rules-text.ts';

/** Kinds of one list. */
const MAX_LINES = 20;
const grouped = (value: number) => value.toLocaleString('en-US');

/**
 * `dryRun`: of the proposed rules; undefined: there are none. `listCommand`: prints the sources, for rules that name them
 * as a set.
 */
export function learnedText(learned: PastLearned, dryRun: PastResult | undefined, listCommand: string): string[] {
  const { sources, only, shared, by_kind, by_source } = learned;
  if (sources.distinct === 0)
    return ['These sources sent no recorded packets in this range.', ...coverageText(learned)];
  const lines = [
    `${one(sources.distinct, 'source')} sent ${one(sources.packets, 'packet')}.`,
    ...coverageText(learned),
    ...kindsText(`Only ${sources.distinct === 1 ? 'this source' : 'these sources'} sent`, only, ({ sources: count }) =>
      one(count, 'source'),
    ),
    ...kindsText(
      'Also sent by other sources, so a rule for the kind would deny their packets as well',
      shared,
      ({ sources: count, other_packets }) => `${one(count, 'source')}; ${one(other_packets, 'packet')} of others`,
    ),
  ];
  const denied = by_kind.rules.reduce((sum, { packets }) => sum + packets, 0);
  if (by_kind.rules.length > 0) {
    lines.push(
      '',
      `Proposed rules, which deny ${one(denied, 'packet')} of this range and none of other sources:`,
      ...indented(
        commandsText(
          by_kind.rules.map(({ rule }) => rule),
          listCommand,
        ),
      ),
      'Rules for any source revert unless they are confirmed: packetlog rules confirm',
      ...by_kind.warnings.map((warning) => `Warning: ${warning}`),
    );
  }
  lines.push(...uncoveredText(learned));
  lines.push(
    '',
    by_kind.rules.length > 0
      ? 'Alternative that denies everything from these sources:'
      : 'No rule for a kind of traffic denies only packets of these sources. Rules that deny everything from them:',
    ...indented(commandsText(by_source.rules, listCommand)),
  );
  if (by_source.unlisted > 0) {
    lines.push(`Warning: The list has ${grouped(by_source.list.length)} of ${one(sources.distinct, 'source')}.`);
  }
  if (dryRun === undefined) return lines;
  const which = by_kind.rules.length > 0 ? 'the proposed rules' : 'the rules by source';
  return [...lines, '', `Dry run of ${which} over the same range:`, ...dryRunPastText(dryRun)];
}

/** Returns a command for each rule; the list of a set is piped from `listCommand`. */
export function commandsText(rules: readonly RuleDraft[], listCommand: string): string[] {
  return rules.map(({ action, source, protocol, destination_port, reason }) => {
    const because = reason ? ` --reason ${quoted(reason)}` : '';
    const [, set] = source.split('set:');
    if (set !== undefined) return `${listCommand} | packetlog rules import - --set ${set} --once${because}`;
    const ofProtocol = protocol === undefined ? '' : ` --protocol ${protocol}`;
    const port = destination_port === undefined ? '' : ` --port ${destination_port}`;
    return `packetlog rules add ${action} ${source}${ofProtocol}${port}${because}`;
  });
}

export interface LearnArguments {
  readonly range: TimeRange;
  readonly from: LearnedFrom;
  /** The value of `--dir`. */
  readonly dir: string | undefined;
}

/** Returns the command that prints the sources of the same range. */
export function listCommandOf({ range: { fromNs, toNs }, from, dir }: LearnArguments): string {
  const which =
    'filter' in from
      ? [quoted(formatFilter(from.filter))]
      : from.networks.map((network) => `--source ${formatRuleSource({ kind: 'network', network })}`);
  return [
    'packetlog rules learn',
    ...(fromNs === undefined ? [] : [`--from ${isoText(fromNs)}`]),
    ...(toNs === undefined ? [] : [`--to ${isoText(toNs)}`]),
    ...(dir === undefined ? [] : [`--dir ${quoted(dir)}`]),
    ...which,
    '--print sources',
  ].join(' ');
}

function isoText(ns: bigint): string {
  return `${utcText(ns).replace(' ', 'T')}Z`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function coverageText({ coverage: { packets, records, missing } }: PastLearned): string[] {
  const sampled =
    records < packets
      ? [
          `Sampled: ${one(records, 'record')} ${records === 1 ? 'stands' : 'stand'} for ${one(packets, 'packet')}, so packets of other sources may be missing.`,
        ]
      : [];
  const state =
    missing.length === 0 ? [`Compared with all ${one(packets, 'packet')} of the range: complete.`] : ['Not complete:'];
  return [...sampled, ...state, ...missing.map(({ message }) => `  ${message}`)];
}

function kindsText<Kind extends LearnedKind>(
  title: string,
  { entries, others, distinct }: { entries: readonly Kind[]; others: { packets: number }; distinct: number },
  note: (kind: Kind) => string,
): string[] {
  if (distinct === 0) return [];
  const shown = entries.slice(0, MAX_LINES);
  const packets = entries.reduce((sum, each) => sum + each.packets, others.packets);
  const rest = packets - shown.reduce((sum, each) => sum + each.packets, 0);
  const rows = shown.map((kind) => [grouped(kind.packets), kindName(kind), note(kind)]);
  if (distinct > shown.length) rows.push([grouped(rest), `${one(distinct - shown.length, 'other kind')}`, '']);
  return ['', `${title} (${one(distinct, 'kind')}, ${one(packets, 'packet')}):`, ...indented(aligned(rows, TEXTS))];
}

const TEXTS = new Set([1, 2]);

function uncoveredText({ by_kind: { uncovered, rules } }: PastLearned): string[] {
  if (uncovered.kinds === 0) return [];
  const these = rules.length > 0 ? 'These rules do not deny' : 'No rule by kind denies';
  return [
    '',
    `${these} ${one(uncovered.packets, 'packet')} of ${one(uncovered.kinds, 'kind')} that only these sources sent: rules cannot match the kind alone, or they would be too many.`,
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
