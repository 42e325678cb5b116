import type { Ledger } from '@packetlog/common';
import type { HubLedger } from '@packetlog/common/fleet';
import { isCount, isShape } from '../messages/shape.ts';

const isWithHub = isShape<{ hub: HubLedger }>({
  hub: isShape<HubLedger>({ received: isCount, sent: isCount, withheld: isCount }),
});

/** Returns the rows that the hub passed on, of a ledger that came through one; null for one that came from the loader. */
export function hubRows(ledger: Ledger): HubLedger | null {
  const message: unknown = ledger;
  return isWithHub(message) ? message.hub : null;
}
