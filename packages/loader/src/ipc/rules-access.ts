/** How clients of the server reach the rules. */
import type { AuditEntry, RulesAnswer, RulesSnapshot, RulesVerb } from '@packetlog/common';

export type Who = AuditEntry['who'];

export interface Caller {
  readonly who: Who;
  readonly mayChange: boolean;
  /** Whether a set may follow a file of this machine: its lines would be shown to whoever asks. */
  readonly mayNameFiles: boolean;
  /** Aborted when nobody waits for the answer any more: what takes its time ends then. */
  readonly gone?: AbortSignal;
}

/** What the server needs of the rules. */
export interface RulesAccess {
  snapshot(): RulesSnapshot;
  /** Never rejects. */
  ask<Verb extends RulesVerb>(verb: Verb, request: unknown, caller: Caller): Promise<RulesAnswer<Verb>>;
}
