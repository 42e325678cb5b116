/** The parts of the core's side of the fleet that NodeFleet connects with the server process. */
import type { Generation, NodeRules, ShipLedger, Signed } from '@packetlog/common/fleet';
import type { Block, QuestionOf } from '../ipc/fleet/fleet-access.ts';

/** Applies generations of rules. Nothing here rejects: what cannot be applied is in the answer. */
export interface Generations {
  /** `generation` is the verified content of `signed`, which is stored for the next start. */
  receive(generation: Generation, signed: Signed): Promise<NodeRules>;
  confirm(which: { readonly group: string; readonly number: number }): Promise<NodeRules>;
  repair(): Promise<NodeRules>;
  rules(): NodeRules;
  /** Call it when the rules on the disk are in force. */
  begin(): void;
  /** Call it when the rules have changed. */
  rulesChanged(): void;
}

/** Reads recorded packets for the hub. */
export interface Shipments {
  /**
   * Returns the next block, the same until it is `shipped`; undefined if there is none now, or if another hub may have
   * stored it. `node`: the node's name; `hub`: origin of the hub that asks.
   */
  next(want: 'denied' | 'all', node: string, hub: string): Promise<Block | undefined>;
  shipped(answer: Omit<QuestionOf<'shipped'>, 'verb' | 'hub'>, hub: string): Promise<void>;
  ledger(): ShipLedger;
}
