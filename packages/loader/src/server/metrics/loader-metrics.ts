/** The loader as metrics: clients, rings, lag, memory, notices, build. */
import { type Notice, noticeSchema } from '@packetlog/common';
import type { Registry } from 'prom-client';
import type { ReaderState } from '../../ipc/reader-state.ts';
import { residentMemory } from '../../system/resident-memory.ts';
import { PeakWindow } from './peak-window.ts';
import { counter, flag, gauge, type Sample } from './sampled-metric.ts';

export interface Build {
  readonly version: string;
  readonly protocol: number;
  readonly transport: string;
}

export interface LoaderSource {
  readonly build: Build;
  readonly startedAtMs: number;
  readonly clients: () => { readonly readers: number; readonly admins: number };
  readonly connections: () => number;
  /** Undefined: the server has no certificate. */
  readonly certificateExpiresMs: () => number | undefined;
  /** As of this scrape. */
  readonly isHealthy: () => boolean;
}

/** Keeps what is reported once and read later. */
export class LoaderEvents {
  readonly fill = new PeakWindow();
  readonly lag = new PeakWindow();
  readonly notices = new Map<Notice['code'], number>(noticeSchema.shape.code.options.map((code) => [code, 0]));
  reader: ReaderState | undefined;
  reportedAtMs: number | undefined;

  report(atMs: number, reader: ReaderState | undefined, nowMs: number): void {
    this.reportedAtMs = atMs;
    this.reader = reader;
    if (reader === undefined) return;
    this.fill.add(reader.ring_fill, nowMs);
    this.lag.add(reader.lag_ms / 1000, nowMs);
  }

  notice({ code }: Notice): void {
    this.notices.set(code, (this.notices.get(code) ?? 0) + 1);
  }
}

export function loaderMetrics(registry: Registry, source: LoaderSource, events: LoaderEvents): void {
  readerMetrics(registry, events);
  gauge(registry, {
    name: 'packetlog_healthy',
    help: 'Whether every interface is watched, the rules are in force, and no alarm is on (1) or not (0), as in /healthz.',
    samples: () => [[[], flag(source.isHealthy())]],
  });
  gauge(registry, {
    name: 'packetlog_clients',
    help: 'Connected clients, by access.',
    labels: ['access'],
    samples: () => [
      [['read_only'], source.clients().readers],
      [['admin'], source.clients().admins],
    ],
  });
  gauge(registry, {
    name: 'packetlog_connections',
    help: 'Open TCP connections of the server, with and without a token.',
    samples: () => [[[], source.connections()]],
  });
  counter(registry, {
    name: 'packetlog_notices_total',
    help: 'Notices since the loader started, by code.',
    labels: ['code'],
    samples: () => [...events.notices].map(([code, count]): Sample => [[code], count]),
  });
  gauge(registry, {
    name: 'packetlog_tls_certificate_expiry_time_seconds',
    help: 'When the TLS certificate in use expires (Unix time); no series without TLS.',
    samples: () => {
      const expiresMs = source.certificateExpiresMs();
      return expiresMs === undefined ? [] : [[[], expiresMs / 1000]];
    },
  });
  const { version, protocol, transport } = source.build;
  gauge(registry, {
    name: 'packetlog_build_info',
    help: 'Always 1; the labels describe the loader.',
    labels: ['version', 'protocol', 'transport', 'node_version'],
    samples: () => [[[version, String(protocol), transport, process.versions.node], 1]],
  });
  gauge(registry, {
    name: 'packetlog_start_time_seconds',
    help: 'When the loader started (Unix time).',
    samples: () => [[[], source.startedAtMs / 1000]],
  });
}

function readerMetrics(registry: Registry, events: LoaderEvents): void {
  gauge(registry, {
    name: 'packetlog_report_time_seconds',
    help: 'When the ledger was last read (Unix time); it is read each second.',
    samples: () => [[[], (events.reportedAtMs ?? 0) / 1000]],
  });
  gauge(registry, {
    name: 'packetlog_ring_size_bytes',
    help: 'Sum of the sizes of all rings.',
    samples: () => [[[], events.reader?.ring_bytes ?? 0]],
  });
  gauge(registry, {
    name: 'packetlog_ring_fill_ratio',
    help: 'Highest fill of any ring when it was read, 0 to 1, in the last minute.',
    samples: () => [[[], events.fill.highest(performance.now())]],
  });
  gauge(registry, {
    name: 'packetlog_drain_lag_seconds',
    help: 'Highest age of a record when it was read from its ring, in the last minute.',
    samples: () => [[[], events.lag.highest(performance.now())]],
  });
  gauge(registry, {
    name: 'packetlog_process_resident_memory_bytes',
    help: 'Resident memory of the processes of the loader.',
    labels: ['process'],
    samples: () => memory(events.reader),
  });
}

/** The drain thread and the server may be threads of one process: it then counts once. */
function memory(reader: ReaderState | undefined): Sample[] {
  const own: Sample = [['server'], residentMemory()];
  if (reader === undefined) return [own];
  return reader.pid === process.pid ? [[['loader'], own[1]]] : [[['core'], reader.resident_bytes], own];
}
