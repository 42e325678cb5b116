/** Findings as metrics. */
import { FINDING_KINDS, type Findings } from '@packetlog/common';
import type { Registry } from 'prom-client';
import { counter, gauge } from './sampled-metric.ts';

export function findingsMetrics(registry: Registry, findings: () => Findings): void {
  counter(registry, {
    name: 'packetlog_findings_opened_total',
    help: 'Findings that were opened since the loader started, by kind.',
    labels: ['kind'],
    samples: () => FINDING_KINDS.map((kind) => [[kind], findings().opened[kind]]),
  });
  gauge(registry, {
    name: 'packetlog_findings_open',
    help: 'Findings that are open, by kind.',
    labels: ['kind'],
    samples: () => FINDING_KINDS.map((kind) => [[kind], findings().open.filter((each) => each.kind === kind).length]),
  });
  counter(registry, {
    name: 'packetlog_findings_untracked_total',
    help: 'Sources and services that could not be followed because a table was full.',
    samples: () => [[[], findings().untracked]],
  });
}
