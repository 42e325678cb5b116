/** How the core's parts, and clients of the server, access the rules. */
import type {
  Acknowledgement,
  AuditEntry,
  LimitLevels,
  RulesAnswer,
  RulesSnapshot,
  RulesVerb,
} from '@packetlog/common';

export type CallerIdentity = AuditEntry['who'];

export interface Caller {
  readonly who: CallerIdentity;
  readonly mayChange: boolean;
  /** Whether a set may follow a file of this machine: the caller would see its lines. */
  readonly mayNameFiles: boolean;
  /** Aborted when the caller no longer waits for the answer: slow work stops then. */
  readonly gone?: AbortSignal;
  /** Number of the client, the same for all of its requests; undefined: each client has one Caller object. */
  readonly client?: number;
}

export interface RulesAccess {
  snapshot(): RulesSnapshot;
  /** Never rejects. */
  ask<Verb extends RulesVerb>(verb: Verb, request: unknown, caller: Caller): Promise<RulesAnswer<Verb>>;
  /** Answers `limits:top`. Never rejects. */
  limits(request: unknown): Promise<Acknowledgement<LimitLevels>>;
}

/** A client of the server, one object for each. The core checks its token: it does not trust the server's word. */
export interface RemoteCaller {
  readonly address: string;
  /** As the client sent it. */
  readonly adminToken: string | undefined;
  readonly gone?: AbortSignal;
}

/** The rules for clients of the server; the answers come from the core. */
export interface RulesForClients {
  /** Rejects if the core has ended. */
  snapshot(): Promise<RulesSnapshot>;
  /** Rejects if the core has ended. */
  ask<Verb extends RulesVerb>(verb: Verb, request: unknown, caller: RemoteCaller): Promise<RulesAnswer<Verb>>;
  /** Answers `limits:top`. Rejects if the core has ended. */
  limits(request: unknown): Promise<Acknowledgement<LimitLevels>>;
}
