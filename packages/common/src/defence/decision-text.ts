/** Decisions as sentences, for the terminal, the page and alerts. */
import { formatDuration } from '../rules/duration.ts';
import type { Rule } from '../rules/rule.ts';
import { serviceText } from '../rules/sentence.ts';
import type { Decision } from './decision.ts';

/**
 * Returns `banned for 4 h (2nd time): 61 connections to tcp port 22 in 48 s, limit 20/min; all verified`; in place of
 * the beginning `would be banned for 4 h (2nd time)`, or `not banned, because it is a name server: 192.0.2.53`.
 */
export function decisionText(decision: Decision): string {
  return `${outcomeText(decision)}: ${evidenceText(decision)}`;
}

function outcomeText({ kind, duration_ms, strike, guards }: Decision): string {
  if (kind === 'not_banned') {
    const notes = guards.flatMap(({ passed, note }) => (passed || note === undefined ? [] : [note]));
    return `not banned, because ${notes.join(', and ')}`;
  }
  const time = strike === 1 ? '' : ` (${ordinal(strike)} time)`;
  return `${kind === 'ban' ? 'banned' : 'would be banned'} for ${hoursText(duration_ms)}${time}`;
}

function evidenceText({ attempts, connections, connections_within_ms, rule }: Decision): string {
  const limit = `limit ${rule.rate ?? 'unknown'}`;
  const count = attempts.in_60_s;
  if (count > connections) {
    return `${counted(count, 'connection attempt')}${serviceText(rule)} in 60 s, ${limit}; ${connections} verified`;
  }
  const within = formatDuration(Math.max(1000, connections_within_ms ?? 60_000));
  return `${counted(connections, 'connection')}${serviceText(rule)} in ${within}, ${limit}; all verified`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Returns `24 h`, not a day: bans are written in hours. */
function hoursText(ms: number): string {
  const hours = ms / 3_600_000;
  return Number.isInteger(hours) && hours < 48 ? `${hours} h` : formatDuration(ms);
}

/** Returns '1st', '2nd', '3rd', '4th'. */
export function ordinal(n: number): string {
  const last = n % 10;
  const isTeen = Math.floor(n / 10) % 10 === 1;
  const suffix = isTeen ? 'th' : ((['th', 'st', 'nd', 'rd'] as const)[last] ?? 'th');
  return `${n}${suffix}`;
}

/** Returns `limit 3`, or `limit 3 (ssh)` with its reason. */
export function limitName({ id, reason }: Pick<Rule, 'id' | 'reason'>): string {
  return reason === '' ? `limit ${id}` : `limit ${id} (${reason})`;
}
