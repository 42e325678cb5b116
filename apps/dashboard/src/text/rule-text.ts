import type { Rule } from '@packetlog/common';
import { DOES, WILL } from './action-text.ts';
import { spanText } from './clock.ts';

type Matching = Pick<Rule, 'source'> & Partial<Pick<Rule, 'protocol' | 'destination_port' | 'interface'>>;

/** What a rule matches, in parts that are styled differently. */
export interface MatchParts {
  readonly source: string;
  /** Whether the source is a set, 'any', or an address (''). */
  readonly kind: '' | 'set' | 'any';
  /** 'tcp port 22', 'ports 1000-2000', 'icmp'; '' for everything. */
  readonly service: string;
  readonly interface: string;
}

export function matchParts(rule: Matching): MatchParts {
  const isSet = rule.source.startsWith('set:');
  return {
    source: rule.source === 'any' ? 'any source' : isSet ? rule.source.slice('set:'.length) : rule.source,
    kind: rule.source === 'any' ? 'any' : isSet ? 'set' : '',
    service: serviceText(rule),
    interface: rule.interface ?? '',
  };
}

function serviceText({ protocol, destination_port }: Matching): string {
  const name = protocol === undefined ? '' : typeof protocol === 'number' ? `protocol ${protocol}` : protocol;
  if (destination_port === undefined) return name;
  const port = `${String(destination_port).includes('-') ? 'ports' : 'port'} ${destination_port}`;
  return name === '' ? port : `${name} ${port}`;
}

/** Describes in one line what a rule matches: '203.0.113.0/24, tcp port 22, on eth0'. */
export function matchText(rule: Matching): string {
  const { source, kind, service, interface: name } = matchParts(rule);
  const parts = [kind === 'set' ? `set ${source}` : source];
  if (service !== '') parts.push(service);
  if (name !== '') parts.push(`on ${name}`);
  return parts.join(', ');
}

type Effective = Matching & Pick<Rule, 'action'> & { reason?: string | undefined };

/**
 * Describes the effect of a rule: 'Will deny packets from 203.0.113.7 to tcp port 22 for 1 h: brute force.' `lasts` is
 * in ms; null: no expiry. `more`: conditions and limit.
 */
export function effectSentence(rule: Effective, lasts: number | null, verbs = WILL, more = ''): string {
  const { source, kind, service, interface: name } = matchParts(rule);
  const from = kind === 'any' ? 'any source' : kind === 'set' ? `the set ${source}` : source;
  const isProtocolOnly = service !== '' && rule.destination_port === undefined;
  const to = service === '' ? '' : isProtocolOnly ? ` with ${service}` : ` to ${service}`;
  const on = name === '' ? '' : ` on ${name}`;
  const time = lasts === null ? ' with no expiry' : ` for ${spanText(lasts)}`;
  const because = rule.reason ? `: ${rule.reason}` : '';
  const sentence = `${verbs[rule.action]} ${from}${to}${on}${more}${time}${because}`;
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Reports an added rule: 'Rule added. Denies packets from 203.0.113.7 for 1 h: brute force.' */
export function addedText(rule: Effective, lasts: number | null, more = ''): string {
  return `Rule added. ${effectSentence(rule, lasts, DOES, more)}`;
}

/** Returns the time until expiry, ms; null for no expiry. */
export function timeLeft(rule: Pick<Rule, 'expires_at'>, now_ms: number): number | null {
  return rule.expires_at === undefined ? null : Math.max(0, Date.parse(rule.expires_at) - now_ms);
}

/** Describes the expiry of a rule: 'no expiry', 'in 59 min 12 s', 'expired'. */
export function expiryText(rule: Pick<Rule, 'expires_at'>, now_ms: number): string {
  const left = timeLeft(rule, now_ms);
  if (left === null) return 'no expiry';
  return left < 500 ? 'expired' : `in ${spanText(left)}`;
}

/** Presets for the duration of a rule, with their labels. */
export const DURATIONS = [
  { value: '10m', label: '10 min' },
  { value: '1h', label: '1 h' },
  { value: '1d', label: '1 day' },
  { value: '7d', label: '7 days' },
  { value: '', label: 'no expiry' },
] as const;
