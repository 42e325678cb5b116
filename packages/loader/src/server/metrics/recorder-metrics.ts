/** The recorder as metrics; no samples while nothing is recorded. docs/metrics.md lists them. */
import type { RecorderLedger } from '@packetlog/common';
import type { Registry } from 'prom-client';
import type { DrainLedger } from '../../ipc/messages.ts';
import { counter, flag, gauge, type Sample } from './sampled-metric.ts';

const MS_PER_SECOND = 1000;

export function recorderMetrics(registry: Registry, ledger: () => DrainLedger | undefined): void {
  const one = (value: (recorder: RecorderLedger) => number) => (): Sample[] => {
    const recorder = ledger()?.recorder;
    return recorder === undefined ? [] : [[[], value(recorder)]];
  };
  counter(registry, {
    name: 'packetlog_recorder_offered_records_total',
    help: 'Records offered to the recorder; the outcomes and the pending records add up to them.',
    samples: one(({ offered }) => offered),
  });
  counter(registry, {
    name: 'packetlog_recorder_records_total',
    help: 'Records by what the recorder did with them: recorded on the disk, sampled (--record-permits), or lost.',
    labels: ['outcome'],
    samples: () => {
      const recorder = ledger()?.recorder;
      if (recorder === undefined) return [];
      return (['recorded', 'sampled', 'lost'] as const).map((outcome): Sample => [[outcome], recorder[outcome]]);
    },
  });
  gauge(registry, {
    name: 'packetlog_recorder_pending_records',
    help: 'Records that are not written yet.',
    samples: one(({ pending }) => pending),
  });
  counter(registry, {
    name: 'packetlog_recorder_expired_records_total',
    help: 'Records deleted because they were too old or took too much room.',
    samples: one(({ expired }) => expired),
  });
  gauge(registry, {
    name: 'packetlog_recorder_bytes',
    help: 'Size of all files of the recorder.',
    samples: one(({ bytes }) => bytes),
  });
  gauge(registry, {
    name: 'packetlog_recorder_oldest_timestamp_seconds',
    help: 'Time of the oldest packet on the disk since the Unix epoch; 0: there is none.',
    samples: one(({ oldest_ms }) => oldest_ms / MS_PER_SECOND),
  });
  gauge(registry, {
    name: 'packetlog_recorder_recording',
    help: 'Whether the disk accepts records (1) or not (0).',
    samples: one(({ recording }) => flag(recording)),
  });
}
