/** Bans as metrics. */
import { type Bans, DECISION_KINDS } from '@packetlog/common';
import type { Registry } from 'prom-client';
import { counter, gauge } from './sampled-metric.ts';

export function bansMetrics(registry: Registry, bans: () => Bans): void {
  gauge(registry, {
    name: 'packetlog_bans_active',
    help: 'Bans in force.',
    samples: () => [[[], bans().active]],
  });
  counter(registry, {
    name: 'packetlog_ban_decisions_total',
    help: 'Decisions about bans since the loader started, by kind.',
    labels: ['kind'],
    samples: () => DECISION_KINDS.map((kind) => [[kind], bans().decided[kind]]),
  });
  counter(registry, {
    name: 'packetlog_bans_undone_total',
    help: 'Bans that were undone since the loader started.',
    samples: () => [[[], bans().undone]],
  });
}
