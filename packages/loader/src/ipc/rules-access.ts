/** How clients of the server access the rules. */
import type { AuditEntry, RulesAnswer, RulesSnapshot, RulesVerb } from '@packetlog/common';

export type CallerIdentity = AuditEntry['who'];

export interface Caller {
  readonly who: CallerIdentity;
  readonly mayChange: boolean;
  /** Whether a set may follow a file of this machine: the caller would see its lines. */
  readonly mayNameFiles: boolean;
  /** Aborted when the caller no longer waits for the answer: slow work stops then. */
  readonly gone?: AbortSignal;
}

/** What the server needs from the rules. */
export interface RulesAccess {
  snapshot(): RulesSnapshot;
  /** Never rejects. */
  ask<Verb extends RulesVerb>(verb: Verb, request: unknown, caller: Caller): Promise<RulesAnswer<Verb>>;
}
