// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import {
  type LimitMeasure,
  type PendingChange,
  parseAddress,
  type Rule,
  type RuleAction,
  type RuleDraft,
} from '@packetlog/common';

export interface RuleOptions {
  /** `30s`, `15m`, `1h`, `7d`, `1h30m`. Without it, and without `until`, the rule does not expire. */
  readonly for?: string;
  readonly until?: Date;
  /** A note that lists show with the rule. */
  readonly reason?: string;
  /** `tcp`, `udp`, `icmp`, … or a number. */
  readonly protocol?: string | number;
  /** The destination port or ports: 22 or `'1000-2000'`. */
  readonly port?: number | string;
  /** Only packets that arrive on this interface. */
  readonly interface?: string;
  /** The address, or the network, that packets are sent to. */
  readonly destination?: string;
  /** With the protocol `tcp`: `syn` (SYN is set), `syn,!ack` (and ACK is not), `none` (no flag is). */
  readonly tcpFlags?: string;
  /** Bytes of the frame, with its Ethernet header: 60 or `'1400-65535'`. */
  readonly length?: number | string;
  /** Only fragments after the first, which have no ports. */
  readonly fragment?: true;
  /** Add the rule even if it locks out a protected address. */
  readonly force?: boolean;
}

export interface ImportOptions {
  /** The action for packets from the set; `deny` by default. */
  readonly action?: Exclude<RuleAction, 'limit'>;
  readonly reason?: string;
  /** Skip invalid lines. By default, an invalid line rejects the whole list. */
  readonly skipBad?: boolean;
  readonly force?: boolean;
}

/** With `pending`: the change is risky, and reverts unless `confirm()` is called in time. */
export type AddedRule = Rule & { readonly pending?: PendingChange | undefined };

export function ruleDraft(action: RuleAction, source: string, options: RuleOptions): RuleDraft {
  const { for: lasts, until, reason, protocol, port, interface: name, destination, tcpFlags, length } = options;
  return {
    action,
    source: normalizeAddress(source),
    ...(lasts !== undefined && { for: lasts }),
    ...(until !== undefined && { expires_at: until.toISOString() }),
    ...(reason !== undefined && { reason }),
    ...(protocol !== undefined && { protocol }),
    ...(port !== undefined && { destination_port: port }),
    ...(name !== undefined && { interface: name }),
    ...(destination !== undefined && { destination: normalizeAddress(destination) }),
    ...(tcpFlags !== undefined && { tcp_flags: tcpFlags }),
    ...(length !== undefined && { length }),
    ...(options.fragment !== undefined && { fragment: options.fragment }),
  };
}

/**
 * Returns whether the source is one address: not a network (`198.0.0.0/8`), a set or `any`, which a forged header may
 * contain.
 */
export function isSingleAddress(source: unknown): boolean {
  if (typeof source !== 'string') return false;
  try {
    parseAddress(normalizeAddress(source));
    return true;
  } catch {
    return false;
  }
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const ZONE = /%.*$/;

/**
 * Returns the address as packets carry it. A server that listens on `::` reports an IPv4 peer as `::ffff:203.0.113.7`,
 * and a rule for that form would never match; a link-local peer has its interface after a `%`.
 */
export function normalizeAddress(source: string): string {
  return source.replace(ZONE, '').replace(MAPPED, '$1');
}

/** The numbers of a limit. */
export interface LimitOptions extends RuleOptions {
  /** `20/min`, `1000/s`, `5/h`; bytes also as `10M/s`. */
  readonly rate: string;
  /**
   * Default: packets. `syn`: attempts to open a TCP connection. `connections`: TCP connections that the kernel verified.
   * `ports`: distinct destination ports.
   */
  readonly measure?: LimitMeasure;
  /** Packets or bytes at once; default: the number in the rate. */
  readonly burst?: number;
  /** What has a bucket: `source` (default), `source/24`, `source/24,48` (IPv4 and IPv6 prefix), `rule` or `port`. */
  readonly per?: string;
  /** Denies for this long what the limit measures of a bucket that was over: `60s`, at most 10 minutes. */
  readonly block?: string;
  /** Bans a source that was over: `1h`, or `1h..24h` for repeated bans. With `measure: 'connections'`, instead of `block`. */
  readonly ban?: string;
  /**
   * Denies packets over the limit. Rejected (`untried`) unless a limit with the same numbers and match has observed for a
   * minute, or had a dry run.
   */
  readonly enforce?: boolean;
  /** Enforce a limit that was not tried. */
  readonly now?: boolean;
}

export function limitFields({ rate, measure, burst, per, block, ban, enforce }: LimitOptions) {
  return {
    rate,
    ...(measure !== undefined && { measure }),
    ...(burst !== undefined && { burst }),
    ...(per !== undefined && { per }),
    ...(block !== undefined && { then: `block:${block}` }),
    ...(ban !== undefined && { then: `ban:${ban}` }),
    ...(enforce !== undefined && { enforce }),
  };
}
