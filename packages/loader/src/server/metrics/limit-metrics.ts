/** The buckets of limits as metrics. There are at most 64 limits. docs/metrics.md lists them. */
import type { LimitLevels } from '@packetlog/common';
import type { Registry } from 'prom-client';
import { counter, gauge, type Sample } from './sampled-metric.ts';

export function limitMetrics(registry: Registry, levels: () => LimitLevels | undefined): void {
  const each = (of: 'followed' | 'over' | 'evicted') => () =>
    (levels()?.limits ?? []).map((limit): Sample => [[String(limit.rule)], limit[of]]);
  gauge(registry, {
    name: 'packetlog_limit_followed_buckets',
    help: 'Buckets of a limit that have a level in its table.',
    labels: ['rule'],
    samples: each('followed'),
  });
  gauge(registry, {
    name: 'packetlog_limit_over_buckets',
    help: 'Buckets of a limit whose next packet is over, blocked ones included.',
    labels: ['rule'],
    samples: each('over'),
  });
  counter(registry, {
    name: 'packetlog_limit_evicted_buckets_total',
    help: 'Buckets of a limit that were given up for others before they were empty, and got their burst again.',
    labels: ['rule'],
    samples: each('evicted'),
  });
  counter(registry, {
    name: 'packetlog_limit_evicted_connections_total',
    help: 'Connections that were given up before they were verified, so that no limit of connections counted them.',
    samples: () => {
      const evicted = levels()?.evicted_connections;
      return evicted === undefined ? [] : [[[], evicted]];
    },
  });
}
