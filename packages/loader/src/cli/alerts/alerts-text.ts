/** Alerts as text. Pure. */
import { formatDuration } from '@packetlog/common';
import type { AlertHistoryEntry, AlertResults, AlertTestResult, ListedAlert } from '../../ipc/alerts/alerts-access.ts';

const grouped = (value: number) => value.toLocaleString('en-US');
const utcText = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export function addedText({ name, condition, to }: ListedAlert): string[] {
  return [`Alert ${name}: ${condition}, to ${to}. Try the target: packetlog alerts test ${name}.`];
}

/** Returns a paragraph for each alert, then the counts. */
export function listText({ alerts, report }: AlertResults['list'], nowMs: number): string[] {
  const problem = report.problem === undefined ? [] : [`Problem: ${report.problem}.`];
  if (alerts.length === 0) {
    return [...problem, 'No alerts. To add one: packetlog alerts add "denied > 1000/s for 10s" --to webhook:URL.'];
  }
  const { fired, resolved, repeated, sent, suppressed, failed, discarded } = report.counts;
  return [
    ...problem,
    ...alerts.flatMap((alert) => alertText(alert, nowMs)),
    `Events: ${grouped(fired)} fired, ${grouped(resolved)} resolved, ${grouped(repeated)} repeated.`,
    `Of them: ${grouped(sent)} sent, ${grouped(suppressed)} suppressed, ${grouped(failed)} failed, ${grouped(discarded)} discarded, ${grouped(report.waiting)} waiting.`,
  ];
}

function alertText(alert: ListedAlert, nowMs: number): string[] {
  const { name, condition, to, has_authorization, repeat_ms, state, since_ms, value, waiting, problem } = alert;
  const since = since_ms === undefined ? '' : ` for ${formatDuration(Math.max(0, nowMs - since_ms))}`;
  const now = value === undefined ? '' : `, now ${value}`;
  return [
    `${name}: ${condition}`,
    `  ${state === 'firing' ? `FIRING${since}` : state}${now}`,
    `  to ${to}${has_authorization ? ', authorization ***' : ''}, repeated after ${formatDuration(repeat_ms)}`,
    ...(waiting === 0
      ? []
      : [`  ${grouped(waiting)} ${waiting === 1 ? 'event waits' : 'events wait'} for this target`]),
    ...(problem === undefined ? [] : [`  the last attempt failed: ${problem}`]),
  ];
}

export function testText({ to, was_accepted, text }: AlertTestResult): string[] {
  return [`${was_accepted ? 'Accepted' : 'Not accepted'} by ${to}: ${text === '' ? 'no text' : text}`];
}

export function historyText(entries: readonly AlertHistoryEntry[]): string[] {
  if (entries.length === 0) return ['No events yet.'];
  return entries.map(({ at_ms, name, what, text }) => `${utcText(at_ms)}  ${what.padEnd(8)}  ${name}: ${text}`);
}
