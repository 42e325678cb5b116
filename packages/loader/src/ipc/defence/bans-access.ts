/** How the core's parts, and clients of the server, ask about bans, and undo them. */
import type { BansAnswer, BansVerb } from '@packetlog/common';
import type { Caller, RemoteCaller } from '../rules-access.ts';

export interface BansAccess {
  /** Never rejects. `request` is not validated yet. */
  ask<Verb extends BansVerb>(verb: Verb, request: unknown, caller: Caller): Promise<BansAnswer<Verb>>;
}

/** Bans for clients of the server; the answers come from the core. */
export interface BansForClients {
  /** Rejects if the core has ended, or the client has gone. */
  ask<Verb extends BansVerb>(verb: Verb, request: unknown, caller: RemoteCaller): Promise<BansAnswer<Verb>>;
}
