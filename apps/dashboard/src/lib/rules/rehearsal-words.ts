import type { RehearsalReport } from '@packetlog/common';
import { counted, formatCount } from '../number.ts';

/** How much of what arrived the report is about: the first thing to know of it. */
export function coverageSentence({ seconds, seen, judged }: RehearsalReport): string {
  const time = `In ${Math.round(seconds)} s`;
  if (seen === 0) return `${time} nothing arrived: this says nothing about the rules. Try it for longer.`;
  if (judged >= seen) return `${time} ${counted(seen, 'packet')} arrived, and each was looked at.`;
  const share = percentText(judged / seen);
  return `${time} ${counted(seen, 'packet')} arrived; ${formatCount(judged)} of them (${share}) were looked at. The rest were not: sampled out or lost. The numbers below are of those that were looked at.`;
}

export function verdictSentence({ denied, observed, judged }: RehearsalReport): string {
  if (judged === 0) return 'No packet was looked at.';
  if (denied.packets === 0 && observed.packets === 0) return 'None would have been denied.';
  const marked = observed.packets === 0 ? '' : ` ${counted(observed.packets, 'packet')} would have been marked.`;
  if (denied.packets === 0) return `None would have been denied.${marked}`;
  return `${counted(denied.packets, 'packet')} would have been denied, ${percentText(denied.packets / judged)} of them.${marked}`;
}

/** '2.7 %', '<0.1 %', '100 %'. */
export function percentText(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '<0.1 %';
  return `${value < 10 && value % 1 !== 0 ? value.toFixed(1) : Math.floor(value)} %`;
}
