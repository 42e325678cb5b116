/** Blocks of recorded packets for the hub as metrics; no samples without a hub. docs/metrics.md lists them. */
import type { ShipLedger } from '@packetlog/common/fleet';
import type { Registry } from 'prom-client';
import type { DrainLedger } from '../../ipc/messages.ts';
import { counter, gauge, type Sample } from './sampled-metric.ts';

export function shipMetrics(registry: Registry, ledger: () => DrainLedger | undefined): void {
  const of = (samples: (ship: ShipLedger) => Sample[]) => (): Sample[] => {
    const ship = ledger()?.ship;
    return ship === undefined ? [] : samples(ship);
  };
  counter(registry, {
    name: 'packetlog_ship_offered_records_total',
    help: 'Recorded packets offered to the hub since the node joined; the outcomes and the pending ones add up to them.',
    samples: of(({ offered }) => [[[], offered]]),
  });
  counter(registry, {
    name: 'packetlog_ship_records_total',
    help: 'Recorded packets by outcome: acknowledged by the hub, expired before that, or rejected by the hub.',
    labels: ['outcome'],
    samples: of(({ acked, expired, rejected = 0 }) => [
      [['acknowledged'], acked],
      [['expired'], expired],
      [['rejected'], rejected],
    ]),
  });
  gauge(registry, {
    name: 'packetlog_ship_pending_records',
    help: 'Recorded packets that no hub has acknowledged yet.',
    samples: of(({ pending }) => [[[], pending]]),
  });
}
