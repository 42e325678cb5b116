/** Messages between the core's main thread and the thread that ships recorded packets. */
import type { ShipLedger } from '@packetlog/common/fleet';
import type { Block } from '../../ipc/fleet/fleet-access.ts';
import type { ShippedAnswer } from './shipping.ts';

export interface ShipThreadData {
  /** Of ship.json. */
  readonly directory: string;
  /** Of the segments. */
  readonly recordDirectory: string;
}

/** `hub`: its origin. */
export type ToShipThread =
  | {
      readonly type: 'next';
      readonly id: number;
      readonly want: 'denied' | 'all';
      readonly node: string;
      readonly hub: string;
    }
  | { readonly type: 'shipped'; readonly id: number; readonly answer: ShippedAnswer; readonly hub: string }
  /** Write what is known, and end. */
  | { readonly type: 'close' };

export type FromShipThread =
  /** Answers `next` and `shipped`. */
  | { readonly type: 'answer'; readonly id: number; readonly block?: Block | undefined }
  | { readonly type: 'ledger'; readonly ledger: ShipLedger }
  | { readonly type: 'warning'; readonly message: string };
