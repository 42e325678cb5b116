import type { Hello, Interface, Ledger, Notice, Summary } from '@packetlog/common';
import type { Loss } from './loss.ts';
import type { PausedFigures } from './pause-buffer.ts';
import type { SubscriptionState } from './subscription.ts';
import type { TopLists } from './top.ts';

/** Of the loader, or of this page: it was rejected what it asked for by itself. */
export type PageNotice = Omit<Notice, 'code'> & { readonly code: Notice['code'] | 'request_rejected' };

export interface NumberedNotice extends PageNotice {
  readonly number: number;
}

export interface Rates {
  readonly packets: number;
  readonly bytes: number;
  readonly permit: number;
  readonly deny: number;
}

/** Everything on the page but the rows: an immutable snapshot, taken a few times a second. */
export interface Figures {
  readonly hello: Hello | null;
  /** The newest word on each interface, from the ledger or else from `hello`. */
  readonly interfaces: readonly Interface[];
  readonly ledger: Ledger | null;
  readonly rates: Rates | null;
  /** When the newest summary came (the page's clock), null before the first. */
  readonly summaryAt: number | null;
  readonly loss: Loss;
  readonly lostBatches: number;
  readonly received: number;
  readonly withheld: number;
  /** Rows per second that the loader sends at most; null until it has agreed to a number. */
  readonly rowLimit: number | null;
  readonly subscription: SubscriptionState;
  /** Whether rows are withheld just now. */
  readonly withholding: boolean;
  /** The kernel recorded 1 of so many packets in the last interval, at its worst moment; 1 = all of them. */
  readonly sampledOneOf: number;
  readonly top: TopLists;
  readonly notices: readonly NumberedNotice[];
  /** Messages from the loader that this page could not understand. */
  readonly badMessages: number;
  /** Whether any row so far had a VLAN tag. */
  readonly vlanSeen: boolean;
  readonly seen: number;
  /** The loader's wall clock now, which may differ from the browser's; it is what expiry is counted by. */
  readonly wallMs: number;
  readonly quietMs: number;
  readonly lastPacketMs: number | null;
  readonly paused: PausedFigures | null;
}

export function ratesOf({ total, by_action, interval_ms }: Summary): Rates {
  const perSecond = 1000 / interval_ms;
  return {
    packets: total.packets * perSecond,
    bytes: total.bytes * perSecond,
    permit: by_action.permit * perSecond,
    deny: by_action.deny * perSecond,
  };
}
