import type { DryRunReport } from '@packetlog/common';
import { counted, formatCount } from '../../../text/number.ts';

/** How much of the traffic the report covers. */
export function coverageSentence({ seconds, seen, judged }: DryRunReport): string {
  const time = `In ${Math.round(seconds)} s`;
  if (seen === 0) return `${time} no packets arrived, so this says nothing about the rules. Try a longer dry run.`;
  if (judged >= seen) return `${time} ${counted(seen, 'packet')} arrived; all were checked.`;
  const share = percentText(judged / seen);
  return `${time} ${counted(seen, 'packet')} arrived; ${formatCount(judged)} of them (${share}) were checked. The rest were sampled out or lost. The numbers below are of the checked packets.`;
}

export function verdictSentence({ denied, observed, judged }: DryRunReport): string {
  if (judged === 0) return 'No packet was checked.';
  if (denied.packets === 0 && observed.packets === 0) return 'Would have denied no packets.';
  const marked = observed.packets === 0 ? '' : ` Would have marked ${counted(observed.packets, 'packet')}.`;
  if (denied.packets === 0) return `Would have denied no packets.${marked}`;
  return `Would have denied ${formatCount(denied.packets)} of ${counted(judged, 'packet')} (${percentText(denied.packets / judged)}).${marked}`;
}

/** '2.7 %', '<0.1 %', '100 %'. */
export function percentText(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '<0.1 %';
  return `${value < 10 && value % 1 !== 0 ? value.toFixed(1) : Math.floor(value)} %`;
}
