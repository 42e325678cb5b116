/** Formats a rule as one sentence, for lists, prompts and logs. */
import { formatDuration } from './duration.ts';
import { flagConditionText } from './flag-condition.ts';
import { limitText } from './limit.ts';
import { frameText } from './packet-condition.ts';
import type { Rule } from './rule.ts';

type Sayable = Pick<Rule, 'action' | 'source'> &
  Partial<
    Pick<
      Rule,
      | 'protocol'
      | 'destination_port'
      | 'interface'
      | 'tcp_flags'
      | 'destination'
      | 'length'
      | 'fragment'
      | 'reason'
      | 'expires_at'
      | 'rate'
      | 'measure'
      | 'burst'
      | 'per'
      | 'then'
      | 'enforce'
    >
  >;

/**
 * Returns `deny 203.0.113.0/24 to tcp port 22 on eth0 for 59 min, because: brute force`,
 * `deny any source to 192.0.2.2 tcp port 22 with SYN and not ACK, frames of 60 bytes`, or
 * `limit any source to tcp port 22 to 20 SYN/min per source (/64) [observing]`; the time left is counted from
 * `now_ms`.
 */
export function ruleSentence(rule: Sayable, now_ms: number): string {
  const on = rule.interface === undefined ? '' : ` on ${rule.interface}`;
  const because = rule.reason ? `, because: ${rule.reason}` : '';
  const limit = rule.action === 'limit' ? ` to ${limitText(rule)}` : '';
  return `${rule.action} ${sourceText(rule.source)}${serviceText(rule)}${frameText(rule)}${on}${limit}${expiryText(rule, now_ms)}${because}`;
}

function sourceText(source: string): string {
  if (source === 'any') return 'any source';
  return source.startsWith('set:') ? `the set ${source.slice('set:'.length)}` : source;
}

/** Returns ` to tcp port 22`, ` with icmp`, or nothing. */
export function serviceText({
  protocol,
  destination_port,
  destination,
  tcp_flags,
}: Pick<Sayable, 'protocol' | 'destination_port' | 'destination' | 'tcp_flags'>): string {
  const to = destination === undefined ? '' : ` to ${destination}`;
  const flags = tcp_flags === undefined ? '' : flagConditionText(tcp_flags);
  if (destination_port === undefined) {
    if (protocol === undefined) return to;
    const name = typeof protocol === 'number' ? `protocol ${protocol}` : protocol;
    return `${to} with ${name}${flags && `, ${flags}`}`;
  }
  const ports = `${typeof destination_port === 'number' ? 'port' : 'ports'} ${destination_port}`;
  const service = protocol === undefined ? ports : `${protocol} ${ports}`;
  return `${to === '' ? ' to' : to} ${service}${flags && ` with ${flags}`}`;
}

function expiryText({ expires_at }: Sayable, now_ms: number): string {
  if (expires_at === undefined) return '';
  const left = Date.parse(expires_at) - now_ms;
  return left > 0 ? ` for ${formatDuration(left)}` : ' (expired)';
}
