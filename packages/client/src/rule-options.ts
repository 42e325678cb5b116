import { type PendingChange, parseAddress, type Rule, type RuleAction, type RuleDraft } from '@packetlog/common';

export interface RuleOptions {
  /** `30s`, `15m`, `1h`, `7d`, `1h30m`. Without it, and without `until`, the rule holds until it is removed. */
  readonly for?: string;
  readonly until?: Date;
  /** For whoever reads the list of rules later. */
  readonly reason?: string;
  /** `tcp`, `udp`, `icmp`, … or a number. */
  readonly protocol?: string | number;
  /** The destination: 22 or `'1000-2000'`. */
  readonly port?: number | string;
  /** Only what arrives on this interface. */
  readonly interface?: string;
  /** Also if somebody would be locked out by it. */
  readonly force?: boolean;
}

export interface ImportOptions {
  /** What becomes of packets from the set: `deny` unless said otherwise. */
  readonly action?: RuleAction;
  readonly reason?: string;
  /** Leave out lines that cannot be read; else one of them is enough to change nothing. */
  readonly skipBad?: boolean;
  readonly force?: boolean;
}

/** With `pending`: it is risky, and takes itself back unless `confirm()` is called in time. */
export type AddedRule = Rule & { readonly pending?: PendingChange | undefined };

export function ruleDraft(action: RuleAction, source: string, options: RuleOptions): RuleDraft {
  const { for: lasts, until, reason, protocol, port, interface: name } = options;
  return {
    action,
    source: plainAddress(source),
    ...(lasts !== undefined && { for: lasts }),
    ...(until !== undefined && { expires_at: until.toISOString() }),
    ...(reason !== undefined && { reason }),
    ...(protocol !== undefined && { protocol }),
    ...(port !== undefined && { destination_port: port }),
    ...(name !== undefined && { interface: name }),
  };
}

/** Whether a rule about it is about one host: no network (`198.0.0.0/8`), set or `any`, which a forged header may say. */
export function isOneAddress(source: unknown): boolean {
  if (typeof source !== 'string') return false;
  try {
    parseAddress(plainAddress(source));
    return true;
  } catch {
    return false;
  }
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const ZONE = /%.*$/;

/**
 * The address as it is on the wire. A server that listens on `::` calls an IPv4 peer `::ffff:203.0.113.7`, of which a
 * rule would never match a packet; and a link-local peer has its interface behind a `%`.
 */
export function plainAddress(source: string): string {
  return source.replace(ZONE, '').replace(MAPPED, '$1');
}
