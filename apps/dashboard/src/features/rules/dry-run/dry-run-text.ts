import type { DryRunReport } from '@packetlog/common';
import { counted, formatCount } from '../../../text/number.ts';

/** States how much of the traffic was checked. */
export function coverageSentence({ seconds, seen, judged }: DryRunReport): string {
  const time = `in ${Math.round(seconds)} s`;
  if (seen === 0)
    return `No packets arrived ${time}, so the result says nothing about the rules. Try a longer dry run.`;
  if (judged >= seen) return `Checked all ${counted(seen, 'packet')} ${time}.`;
  const share = percentText(judged / seen);
  return `Checked ${formatCount(judged)} of ${counted(seen, 'packet')} (${share}) ${time}. The others were sampled out or lost, and are not in the numbers below.`;
}

export function verdictSentence(report: DryRunReport): string {
  const limits = report.limits_not_evaluated ?? 0;
  return limits === 0 ? deniedSentence(report) : `${deniedSentence(report)} ${counted(limits, 'limit')} not evaluated.`;
}

function deniedSentence({ denied, observed, judged }: DryRunReport): string {
  if (judged === 0) return 'No packet was checked.';
  if (denied.packets === 0 && observed.packets === 0) return 'Would have denied no packets.';
  const marked = observed.packets === 0 ? '' : ` Would have marked ${counted(observed.packets, 'packet')}.`;
  if (denied.packets === 0) return `Would have denied no packets.${marked}`;
  return `Would have denied ${formatCount(denied.packets)} of ${counted(judged, 'packet')} (${percentText(denied.packets / judged)}).${marked}`;
}

/** Formats a share: '2.7 %', '<0.1 %', '100 %'. */
export function percentText(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '<0.1 %';
  return `${value < 10 && value % 1 !== 0 ? value.toFixed(1) : Math.floor(value)} %`;
}
