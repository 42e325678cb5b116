/** Formats what a replay found: the ledger, the frames of the file, and what each rule decided. */

import { type Filter, interfacesNamed, type Rule, ruleSentence } from '@packetlog/common';
import type { InterfaceNames } from '../ipc/interface-table.ts';
import type { PrinterCounts } from '../print/console-printer.ts';
import type { FrameCounts, Replay, RuleHits } from '../replay/replay.ts';
import { printableName } from '../system/interface-name.ts';
import { terminalJson } from './process/terminal-text.ts';
import { ledgerText, type ReportedLedger, reportedLedger } from './run/final-report.ts';

const n = (value: number) => value.toLocaleString('en-US');
const NOT_PRINTED: PrinterCounts = { console: 0, dropped: 0 };

export interface ReplayFindings {
  readonly ledger: ReportedLedger;
  readonly console: PrinterCounts | undefined;
  readonly frames: FrameCounts;
  readonly hits: ReadonlyMap<number, RuleHits>;
}

/** Returns the last line of `--print json`. */
export function replayJson({ ledger, console, frames, hits }: ReplayFindings): string {
  const rules = [...hits].sort(([a], [b]) => a - b).map(([id, counts]) => ({ id, ...counts }));
  return terminalJson({ ledger: reportedLedger(ledger, console ?? NOT_PRINTED), capture: frames, rules });
}

/** Returns lines for people. `file`: its name. */
export function replayText(
  { ledger, console, frames, hits }: ReplayFindings,
  file: string,
  rules: readonly Rule[],
): string[] {
  const ruleLines = rules.flatMap((rule) => {
    const found = hits.get(rule.id);
    if (found === undefined) return [];
    const { expires_at: _, ...always } = rule;
    return [
      `rule ${rule.id}, ${ruleSentence(always, 0)}: ${n(found.packets)} ${found.packets === 1 ? 'packet' : 'packets'} (${n(found.bytes)} bytes)`,
    ];
  });
  return [...ledgerText(ledger, console), ...ruleLines, framesLine(file, frames)];
}

function framesLine(file: string, { frames, replayed, outgoing, too_short, link_type }: FrameCounts): string {
  const parts = [
    `${n(replayed)} replayed`,
    ...(outgoing > 0 ? [`${n(outgoing)} outgoing`] : []),
    ...(too_short > 0 ? [`${n(too_short)} too short`] : []),
    ...(link_type > 0 ? [`${n(link_type)} of other link types`] : []),
  ];
  return `${file}: ${n(frames)} ${frames === 1 ? 'frame' : 'frames'}, ${parts.join(', ')}`;
}

/** Returns warnings about names and frames without effect. */
export function replayWarnings(
  replay: Pick<Replay, 'slots' | 'otherLinkTypes'>,
  rules: readonly Rule[],
  filter: Filter | undefined,
  names: InterfaceNames,
  limits = 0,
): string[] {
  const inFilter = filter === undefined ? [] : interfacesNamed(filter);
  const inRules = rules.flatMap(({ interface: name }) => name ?? []);
  const missing = [...new Set(inRules)].filter((name) => !replay.slots.has(name));
  return [
    ...inFilter
      .filter((name) => names.indexesOf(name).length === 0)
      .map((name) => `Warning: --filter names ${printableName(name)}, and the capture has no frames of it.`),
    ...missing.map(
      (name) =>
        `Warning: rules for ${printableName(name)} match nothing: the capture has no frames of it. If it was captured there: --iface ${printableName(name)}.`,
    ),
    ...(limits === 0
      ? []
      : [
          `Warning: ${n(limits)} ${limits === 1 ? 'limit was' : 'limits were'} not applied: limits use the time of the kernel.`,
        ]),
    ...[...replay.otherLinkTypes].map(
      ([type, count]) =>
        `Warning: link type ${type} has neither Ethernet nor IP headers: ${n(count)} ${count === 1 ? 'frame was' : 'frames were'} not replayed.`,
    ),
  ];
}
