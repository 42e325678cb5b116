import type { Hello, Interface, Ledger, Notice, Summary } from '@packetlog/common';
import type { Loss } from './loss.ts';
import type { PausedFigures } from './pause-buffer.ts';
import type { SubscriptionState } from './subscription.ts';
import type { TopLists } from './top.ts';

/** A notice of the loader, or of this page about its own request that the loader rejected. */
export type PageNotice = Omit<Notice, 'code'> & { readonly code: Notice['code'] | 'request_rejected' };

export interface NumberedNotice extends PageNotice {
  readonly number: number;
}

/** A message that is checked where it is shown, and its node; '': the only one. */
export interface NodeMessage {
  readonly node: string;
  readonly message: unknown;
}

export interface Rates {
  readonly packets: number;
  readonly bytes: number;
  readonly permit: number;
  readonly deny: number;
}

/** The ledger of a node, or the sum of several nodes' ledgers. */
export interface PageLedger extends Ledger {
  /** Absent in the ledger of one node. */
  readonly recorders?: Recorders;
}

/** The recorders of several nodes. */
export interface Recorders {
  /** Nodes whose packets are recorded, of all nodes. */
  readonly recording: number;
  readonly of: number;
  /** Time of the oldest record of all nodes; 0: there is none. */
  readonly oldest_ms: number;
  /** Times that such a node became reachable: answers without it are outdated. */
  readonly joined: number;
}

/** Everything on the page except rows: an immutable snapshot, taken a few times a second. */
export interface Figures {
  readonly hello: Hello | null;
  /** Newest state of each interface, from the ledger or else from `hello`. */
  readonly interfaces: readonly Interface[];
  readonly ledger: PageLedger | null;
  readonly rates: Rates | null;
  /** Arrival of the newest summary on the page's clock; null before the first. */
  readonly summaryAt: number | null;
  readonly loss: Loss;
  readonly lostBatches: number;
  readonly received: number;
  readonly withheld: number;
  /** Acknowledged row limit per second; null until the loader has answered. */
  readonly rowLimit: number | null;
  readonly subscription: SubscriptionState;
  /** Whether rows are currently withheld. */
  readonly withholding: boolean;
  /** Highest sampling rate of the last interval: 1 of this many packets was recorded; 1 = all. */
  readonly sampledOneOf: number;
  readonly top: TopLists;
  /** The newest message about findings, and about bans, of each node. */
  readonly findings: readonly NodeMessage[];
  readonly bans: readonly NodeMessage[];
  /** Decisions about bans since this page was opened, newest last. */
  readonly decisions: readonly NodeMessage[];
  readonly notices: readonly NumberedNotice[];
  /** Messages that failed their check. */
  readonly badMessages: number;
  /** Whether any row had a VLAN tag. */
  readonly vlanSeen: boolean;
  readonly seen: number;
  /** The loader's wall clock, which expiry is counted by. It may differ from the browser's. */
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
