/** The values that conditions are compared with, and their texts. Pure. */
import type { AlertCondition, AlertRate, AlertShare, AlertState, RateCondition, Summary } from '@packetlog/common';
import type { DrainLedger } from '../ipc/messages.ts';
import type { FilteredSums } from './filtered-count.ts';

const MS_PER_SECOND = 1000;
const MAX_NAMED = 5;
/** The share of fewer packets in a second is 0, so that three denied packets on an idle machine are not 100 %. */
const SHARE_PACKETS = 100;

/** Per second, over the last interval of about a second. */
export type Rates = Readonly<Record<Exclude<AlertRate, 'new sources'>, number>>;

/** Packets of that interval, and those of them that each share is about. */
export type Counts = Readonly<Record<'packets' | AlertShare, number>>;

/** What is known now; undefined: unknown. */
export interface AlertFacts {
  readonly rates: Rates | undefined;
  readonly counts: Counts | undefined;
  /** Per second. */
  readonly newSources: number | undefined;
  /** By text of the filter. */
  readonly filtered: ReadonlyMap<string, FilteredSums>;
  readonly interfaces: DrainLedger['interfaces'] | undefined;
  /** Undefined: nothing is recorded. */
  readonly recorder: DrainLedger['recorder'];
  /** Messages of the alarms of the rules. */
  readonly alarms: readonly string[];
  /** Decisions about bans within the last minute. */
  readonly bans: RecentBans;
  /** The file system with the least free space, in percent. */
  readonly disk: { readonly percent: number; readonly directory: string } | undefined;
}

export interface RecentBans {
  readonly ban: RecentDecisions;
  readonly would_ban: RecentDecisions;
  /** Whether a ban was not added because there are too many. */
  readonly isLimited: boolean;
  readonly active: number;
}

export interface RecentDecisions {
  readonly count: number;
  /** The newest one as a sentence; undefined: only counted. */
  readonly newest: string | undefined;
}

export interface AlertValue {
  /** Per second, or percent, or 1 and 0; undefined: unknown. */
  readonly value: number | undefined;
  readonly text: string;
}

const UNKNOWN: AlertValue = { value: undefined, text: 'unknown' };

export function alertValue(condition: AlertCondition, facts: AlertFacts): AlertValue {
  switch (condition.kind) {
    case 'disk':
      return facts.disk === undefined
        ? UNKNOWN
        : { value: facts.disk.percent, text: `${facts.disk.percent.toFixed(1)} % of ${facts.disk.directory} is free` };
    case 'state':
      return stateValue(condition.state, facts);
    case 'share':
      return facts.counts === undefined ? UNKNOWN : shareValue(condition.measure, facts.counts);
    case 'rate': {
      const value = rateOf(condition, facts);
      return value === undefined ? UNKNOWN : { value, text: rateText(value) };
    }
  }
}

function rateOf({ matching, measure }: RateCondition, facts: AlertFacts): number | undefined {
  if (matching !== undefined) return facts.filtered.get(matching)?.[measure as keyof FilteredSums];
  return measure === 'new sources' ? facts.newSources : facts.rates?.[measure];
}

function shareValue(measure: AlertShare, counts: Counts): AlertValue {
  const { packets } = counts;
  // The counters of a packet that is being handled may be halfway.
  const part = Math.min(packets, counts[measure]);
  const text = `${grouped(part)} of ${grouped(packets)} packets`;
  if (packets < SHARE_PACKETS) return { value: 0, text: `${text}, too few for a share` };
  const value = (part / packets) * 100;
  return { value, text: `${value.toFixed(1)} %: ${text}` };
}

function stateValue(state: AlertState, { interfaces, recorder, alarms, bans }: AlertFacts): AlertValue {
  switch (state) {
    case 'recorder stopped':
      if (recorder === undefined) return UNKNOWN;
      return recorder.recording
        ? { value: 0, text: 'recording' }
        : { value: 1, text: `not recording, ${grouped(recorder.lost)} records lost since the start` };
    case 'rules alarm':
      return alarms.length === 0 ? { value: 0, text: 'no alarm' } : { value: 1, text: listText(alarms) };
    case 'interface missing': {
      if (interfaces === undefined) return UNKNOWN;
      const missing = interfaces.filter((each) => each.state !== 'attached');
      if (missing.length === 0) return { value: 0, text: 'all interfaces are watched' };
      return { value: 1, text: listText(missing.map((each) => `${each.name} (${each.state})`)) };
    }
    case 'ban':
      return decidedValue(bans.ban, ['ban', 'bans']);
    case 'would-ban':
      return decidedValue(bans.would_ban, ['would-be ban', 'would-be bans']);
    case 'ban limit':
      return bans.isLimited
        ? { value: 1, text: `no more bans are added: ${grouped(bans.active)} are in force` }
        : { value: 0, text: `${grouped(bans.active)} bans are in force` };
  }
}

function decidedValue({ count, newest }: RecentDecisions, [one, many]: readonly [string, string]): AlertValue {
  if (count === 0) return { value: 0, text: 'none within a minute' };
  const counted = `${grouped(count)} ${count === 1 ? one : many} within a minute`;
  return { value: 1, text: newest === undefined ? counted : `${counted}, the newest: ${newest}` };
}

function listText(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const grouped = (value: number) => Math.round(value).toLocaleString('en-US');
const rateText = (value: number) => (value < 10 ? `${Number(value.toFixed(1))}/s` : `${grouped(value)}/s`);

/** Sums since the start of which the ledger has no rate. */
interface Totals {
  readonly would_deny: number;
  readonly lost: number;
  readonly 'ring loss': number;
}

/** Makes rates of the reports of each second. */
export class MeasuredRates {
  #before: Totals | undefined;
  #rates: Rates | undefined;
  #counts: Counts | undefined;

  get rates(): Rates | undefined {
    return this.#rates;
  }

  get counts(): Counts | undefined {
    return this.#counts;
  }

  second(ledger: DrainLedger, { total, by_action, interval_ms }: Summary): void {
    const totals = totalsOf(ledger);
    const before = this.#before;
    this.#before = totals;
    if (before === undefined) return;
    const denied = by_action.deny ?? 0;
    const would_deny = totals.would_deny - before.would_deny;
    this.#counts = { packets: total.packets, denied, would_deny };
    const perSecond = (count: number) => perSecondOf(count, interval_ms);
    this.#rates = {
      packets: perSecond(total.packets),
      bytes: perSecond(total.bytes),
      denied: perSecond(denied),
      would_deny: perSecond(would_deny),
      lost: perSecond(totals.lost - before.lost),
      'ring loss': perSecond(totals['ring loss'] - before['ring loss']),
    };
  }
}

export function perSecondOf(count: number, intervalMs: number): number {
  return (Math.max(0, count) * MS_PER_SECOND) / intervalMs;
}

function totalsOf({ interfaces, unwatched, ring, queue, server, recorder, reasons }: DrainLedger): Totals {
  const counters = [...interfaces, ...(unwatched === undefined ? [] : [unwatched])].map((each) => each.counters);
  const ringFull = counters.reduce((sum, { ring_full }) => sum + ring_full, 0);
  const later = ring.dropped + queue.dropped + (server?.dropped ?? 0) + (recorder?.lost ?? 0);
  return { would_deny: reasons.would_deny ?? 0, lost: ringFull + later, 'ring loss': ringFull };
}
