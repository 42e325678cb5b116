/** Alerts as metrics; no samples while none is configured and nothing was counted. docs/metrics.md lists them. */
import type { Registry } from 'prom-client';
import type { AlertReport } from '../../ipc/alerts/alerts-access.ts';
import type { DrainLedger } from '../../ipc/messages.ts';
import { counter, gauge, type Sample } from './sampled-metric.ts';

const EVENTS = ['fired', 'resolved', 'repeated'] as const;
const OUTCOMES = ['sent', 'suppressed', 'failed', 'discarded'] as const;

export function alertMetrics(registry: Registry, ledger: () => DrainLedger | undefined): void {
  const of = (samples: (report: AlertReport) => Sample[]) => () => {
    const report = ledger()?.alerts;
    return report === undefined ? [] : samples(report);
  };
  gauge(registry, {
    name: 'packetlog_alerts_configured',
    help: 'Alerts that were added with packetlog alerts add.',
    samples: of(({ alerts }) => [[[], alerts]]),
  });
  gauge(registry, {
    name: 'packetlog_alerts_firing',
    help: 'Alerts that fire.',
    samples: of(({ firing }) => [[[], firing.length]]),
  });
  counter(registry, {
    name: 'packetlog_alert_events_total',
    help: 'Events of alerts; the outcomes and the waiting ones add up to them.',
    labels: ['event'],
    samples: of(({ counts }) => EVENTS.map((event): Sample => [[event], counts[event]])),
  });
  counter(registry, {
    name: 'packetlog_alert_outcomes_total',
    help: 'Events by what became of them: sent, suppressed, failed (given up after an hour), or discarded.',
    labels: ['outcome'],
    samples: of(({ counts }) => OUTCOMES.map((outcome): Sample => [[outcome], counts[outcome]])),
  });
  gauge(registry, {
    name: 'packetlog_alert_waiting_events',
    help: 'Events that no target has accepted yet.',
    samples: of(({ waiting }) => [[[], waiting]]),
  });
  counter(registry, {
    name: 'packetlog_alert_attempts_total',
    help: 'Requests to targets of alerts by result: accepted or failed.',
    labels: ['result'],
    samples: of(({ counts: { attempts, failed_attempts } }) => [
      [['accepted'], attempts - failed_attempts],
      [['failed'], failed_attempts],
    ]),
  });
}
