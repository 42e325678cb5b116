/** The ledger as metrics: the same numbers under Prometheus names. docs/metrics.md lists them. */
import {
  formatIpProtocol,
  type HopLedger,
  type InterfaceLedger,
  IP_PROTOCOL_NONE,
  REASONS,
  type Reason,
} from '@packetlog/common';
import type { Registry } from 'prom-client';
import type { DrainLedger } from '../../ipc/messages.ts';
import type { ClientSums } from '../streams/client-sums.ts';
import { alertMetrics } from './alert-metrics.ts';
import { recorderMetrics } from './recorder-metrics.ts';
import { counter, flag, gauge, type Sample } from './sampled-metric.ts';
import { shipMetrics } from './ship-metrics.ts';

/** Label of the packets on interfaces that are not watched. */
const UNWATCHED = 'unwatched';
/** IP protocols with a series each; the others are added up, so that no sender decides on the number of series. */
const PROTOCOLS: ReadonlySet<number> = new Set([1, 2, 4, 6, 17, 41, 47, 50, 51, 58, 89, 112, 132]);

const PROTOCOL_LABELS = [...[...PROTOCOLS, IP_PROTOCOL_NONE].map(protocolLabel), 'other'];
const REASON_NAMES = Object.keys(REASONS) as Reason[];
const NOTHING: InterfaceLedger = {
  ...{ seen: 0, permitted: 0, denied: 0, aborted: 0, bytes: 0, denied_bytes: 0 },
  ...{ emitted: 0, sampled_out: 0, filtered_out: 0, ring_full: 0 },
};

export interface LedgerSource {
  /** The last report; undefined before the first one. */
  readonly ledger: () => DrainLedger | undefined;
  readonly clients: () => ClientSums;
}

export function ledgerMetrics(registry: Registry, source: LedgerSource): void {
  interfaceMetrics(registry, source.ledger);
  hopMetrics(registry, source);
  recorderMetrics(registry, source.ledger);
  shipMetrics(registry, source.ledger);
  alertMetrics(registry, source.ledger);
  protocolMetrics(registry, source.ledger);
}

function interfaceMetrics(registry: Registry, ledger: LedgerSource['ledger']): void {
  const each = (samples: (counters: InterfaceLedger) => readonly (readonly [string | undefined, number])[]) =>
    function* (): Iterable<Sample> {
      for (const { name, counters } of countersOf(ledger())) {
        for (const [label, value] of samples(counters)) yield [label === undefined ? [name] : [name, label], value];
      }
    };
  counter(registry, {
    name: 'packetlog_seen_packets_total',
    help: 'Packets that reached the hook.',
    labels: ['interface'],
    samples: each(({ seen }) => [[undefined, seen]]),
  });
  counter(registry, {
    name: 'packetlog_seen_bytes_total',
    help: 'Bytes of the packets that reached the hook.',
    labels: ['interface'],
    samples: each(({ bytes }) => [[undefined, bytes]]),
  });
  counter(registry, {
    name: 'packetlog_denied_bytes_total',
    help: 'Bytes of the packets that a rule or the default policy denied.',
    labels: ['interface'],
    samples: each(({ denied_bytes }) => [[undefined, denied_bytes]]),
  });
  counter(registry, {
    name: 'packetlog_verdict_packets_total',
    help: 'Packets by verdict; the verdicts of an interface add up to the packets seen.',
    labels: ['interface', 'action'],
    samples: each(({ permitted, denied, aborted }) => [
      ['permit', permitted],
      ['deny', denied],
      ['aborted', aborted],
    ]),
  });
  counter(registry, {
    name: 'packetlog_kernel_packets_total',
    help: 'Packets by what became of their record in the kernel; the outcomes of an interface add up to the packets seen.',
    labels: ['interface', 'outcome'],
    samples: each(({ emitted, ring_full, sampled_out, filtered_out }) => [
      ['recorded', emitted],
      ['ring_full', ring_full],
      ['sampled', sampled_out],
      ['not_recorded', filtered_out],
    ]),
  });
  gauge(registry, {
    name: 'packetlog_interface_attached',
    help: 'Whether the program is attached to the watched interface (1) or not (0), and how.',
    labels: ['interface', 'mode'],
    samples: () =>
      (ledger()?.interfaces ?? []).map(({ name, mode, state }) => [[name, mode], flag(state === 'attached')]),
  });
  counter(registry, {
    name: 'packetlog_reason_packets_total',
    help: 'Packets by the reason of their verdict or by what the parser could not read, over all interfaces.',
    labels: ['reason'],
    samples: () => REASON_NAMES.map((reason): Sample => [[reason], ledger()?.reasons[reason] ?? 0]),
  });
}

function hopMetrics(registry: Registry, { ledger, clients }: LedgerSource): void {
  const each = (samples: (hop: HopLedger) => readonly (readonly [string | undefined, number])[]) =>
    function* (): Iterable<Sample> {
      for (const [name, hop] of hopsOf(ledger(), clients())) {
        for (const [label, value] of samples(hop)) yield [label === undefined ? [name] : [name, label], value];
      }
    };
  counter(registry, {
    name: 'packetlog_hop_offered_records_total',
    help: 'Records that reached a hop behind the kernel: ring, queue, and clients, where each client counts.',
    labels: ['hop'],
    samples: each(({ offered }) => [[undefined, offered]]),
  });
  counter(registry, {
    name: 'packetlog_hop_records_total',
    help: 'Records by outcome at a hop; the outcomes and the pending records add up to the records offered.',
    labels: ['hop', 'outcome'],
    samples: each(({ delivered, dropped, withheld }) => [
      ['delivered', delivered],
      ['lost', dropped],
      ['withheld', withheld],
    ]),
  });
  gauge(registry, {
    name: 'packetlog_hop_pending_records',
    help: 'Records that wait at a hop.',
    labels: ['hop'],
    samples: each(({ pending }) => [[undefined, pending]]),
  });
  counter(registry, {
    name: 'packetlog_client_filtered_records_total',
    help: 'Records that the filters of clients excluded; not part of the records offered.',
    samples: () => [[[], clients().filtered]],
  });
  counter(registry, {
    name: 'packetlog_earlier_loader_records_total',
    help: 'Records that earlier loaders read from the rings that this loader took over.',
    samples: () => [[[], ledger()?.before ?? 0]],
  });
}

function protocolMetrics(registry: Registry, ledger: LedgerSource['ledger']): void {
  const each = (of: 'packets' | 'bytes') =>
    function* (): Iterable<Sample> {
      const { protocols } = ledger()?.reader ?? {};
      if (protocols === undefined) return;
      // A series for each label from the start, as for unwatched interfaces.
      for (const label of PROTOCOL_LABELS) yield [[label], 0];
      for (const volume of protocols) yield [[protocolLabel(volume.ip_protocol)], volume[of]];
    };
  const note = 'from the records that the loader read, with their weights, since it started.';
  counter(registry, {
    name: 'packetlog_protocol_packets_total',
    help: `Packets by IP protocol, ${note}`,
    labels: ['protocol'],
    samples: each('packets'),
  });
  counter(registry, {
    name: 'packetlog_protocol_bytes_total',
    help: `Bytes by IP protocol, ${note}`,
    labels: ['protocol'],
    samples: each('bytes'),
  });
}

function protocolLabel(number: number): string {
  if (number === IP_PROTOCOL_NONE) return 'not_ip';
  return PROTOCOLS.has(number) ? String(formatIpProtocol(number)) : 'other';
}

function countersOf(ledger: DrainLedger | undefined): { name: string; counters: InterfaceLedger }[] {
  if (ledger === undefined) return [];
  const { interfaces, unwatched } = ledger;
  // Also while there are none: Prometheus does not see the increase from no series to the first value.
  return [...interfaces, { name: UNWATCHED, counters: unwatched?.counters ?? NOTHING }];
}

function hopsOf(ledger: DrainLedger | undefined, clients: ClientSums): (readonly [string, HopLedger])[] {
  const own =
    ledger === undefined
      ? []
      : ([
          ['ring', ledger.ring],
          ['queue', ledger.queue],
        ] as const);
  return [...own, ['clients', clients]];
}
