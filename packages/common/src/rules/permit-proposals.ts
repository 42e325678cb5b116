import type { RuleDraft } from './rule.ts';

/** A permit rule that the default policy deny makes necessary. */
export interface ProposedPermit {
  /** Its `reason` says what it is for. */
  rule: RuleDraft;
  /** It also permits new connections to ports that this machine uses for its own connections. */
  is_wide: boolean;
}

/** A port of the wide rule on which this machine receives packets of any peer. */
export interface WideListener {
  ip_protocol: number;
  port: number;
  /** Absent: not known. */
  process?: string;
}

/** The peer of a connection that this machine opened. */
export interface OwnPeer {
  ip_protocol: number;
  addr: string;
  port: number;
  /** Absent: not known. */
  process?: string;
}

/** The permit rules that the default policy deny needs on this machine now, without those that are in force. */
export interface PermitProposals {
  /** Sentences about what the default policy deny denies, and what the rules do not cover. */
  warnings: string[];
  /** The wide rule is the last one. */
  rules: ProposedPermit[];
  /** In order of protocol and port. */
  wide_listeners: WideListener[];
  /** Open connections whose replies stop without the wide rule. */
  stopping: {
    total: number;
    /** Some of them, at most ten. */
    examples: OwnPeer[];
  };
}
