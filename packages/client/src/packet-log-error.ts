import type { ProtectedAddress, Rejection, RulesError } from '@packetlog/common';
import type { FleetError } from '@packetlog/common/fleet';

/**
 * Error codes of the loader (documented at `RulesError` and `Rejection` of @packetlog/common) and of the hub (`FleetError`),
 * and three of the client: `unreachable`, no server answers at that URL; `unanswered`, the server did not answer in time or the connection
 * broke, so the change may have been made; `closed`, the client is closed.
 */
export type PacketLogErrorCode =
  | RulesError['code']
  | Rejection['code']
  | FleetError['code']
  | 'unreachable'
  | 'unanswered'
  | 'closed';

export interface PacketLogErrorFacts {
  readonly code: PacketLogErrorCode;
  /** For `lockout`: the addresses that would have been locked out. `force: true` overrides. */
  readonly protected?: ProtectedAddress | undefined;
  /** For `invalid`: the part of the request, such as `rule.source`. */
  readonly field?: string | undefined;
  /** For `limit`: the maximum number. */
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
