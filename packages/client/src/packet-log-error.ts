import type { ProtectedAddress, Refusal, RulesError } from '@packetlog/common';

/**
 * What a loader answers (`RulesError` and `Refusal` of @packetlog/common say when), and three of the client's own:
 * `unreachable`, nobody answers at that URL; `unanswered`, no answer came in time or
 * before the connection broke, and the change may be made or not; `closed`, the client was closed before.
 */
export type PacketLogErrorCode = RulesError['code'] | Refusal['code'] | 'unreachable' | 'unanswered' | 'closed';

export interface PacketLogErrorFacts {
  readonly code: PacketLogErrorCode;
  /** For `lockout`: who would have been shut out. `force: true` does it anyway. */
  readonly protected?: ProtectedAddress | undefined;
  /** For `invalid`: which part of the request, as `rule.source`. */
  readonly field?: string | undefined;
  /** For `limit`: how many there may be. */
  readonly limit?: number | undefined;
}

export class PacketLogError extends Error {
  override readonly name = 'PacketLogError';
  readonly code: PacketLogErrorCode;
  readonly protected: ProtectedAddress | undefined;
  readonly field: string | undefined;
  readonly limit: number | undefined;

  constructor(message: string, facts: PacketLogErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.code = facts.code;
    this.protected = facts.protected;
    this.field = facts.field;
    this.limit = facts.limit;
  }
}
