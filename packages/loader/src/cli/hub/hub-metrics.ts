/** The metrics of a hub in the Prometheus text format. docs/fleet.md lists them. */
import type { Fleet, FleetNode } from '@packetlog/common/fleet';
import { Registry } from 'prom-client';
import type { MetricsText } from '../../server/metrics/metrics-handler.ts';
import { counter, gauge, type Sample } from '../../server/metrics/sampled-metric.ts';
import { residentMemory } from '../../system/resident-memory.ts';

export interface HubSource {
  readonly version: string;
  readonly startedAtMs: number;
  readonly fleet: () => Fleet;
  /** Connections of people. */
  readonly people: () => number;
  readonly connections: () => number;
  /** Rejected connections of nodes, by code. */
  readonly rejected: () => Iterable<readonly [code: string, count: number]>;
  /** Undefined: the hub has no certificate. */
  readonly certificateExpiresMs: () => number | undefined;
}

const S = 1000;
const STATES = ['in_force', 'waiting', 'rejected', 'failed', 'none'] as const;

export class HubMetrics implements MetricsText {
  readonly #registry = new Registry();
  readonly #source: HubSource;
  /** As of this scrape. */
  #fleet: Fleet;

  constructor(source: HubSource) {
    this.#source = source;
    this.#fleet = { at_ms: 0, is_full: true, nodes: [], removed: [] };
    this.#aboutNodes();
    this.#aboutHub();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    this.#fleet = this.#source.fleet();
    return this.#registry.metrics();
  }

  #aboutNodes(): void {
    gauge(this.#registry, {
      name: 'packetlog_hub_nodes',
      help: 'Nodes that have joined.',
      samples: () => [[[], this.#fleet.nodes.length]],
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_node_age_seconds',
      help: 'Time since the hub heard this node; no sample for a node that it has not heard since its start.',
      labels: ['node', 'group'],
      samples: () => this.#fleet.nodes.flatMap((node) => ageSample(node, this.#fleet.at_ms)),
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_node_rules',
      help: 'Nodes by what they did with the newest rules of their group.',
      labels: ['state'],
      samples: () => STATES.map((state) => [[state], this.#count((node) => rulesState(node) === state)]),
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_nodes_drifted',
      help: 'Nodes whose rules of the fleet were changed on the node.',
      samples: () => [[[], this.#count(({ report }) => (report?.rules.drift ?? []).length > 0)]],
    });
    counter(this.#registry, {
      name: 'packetlog_hub_rejected_nodes_total',
      help: 'Rejected connections of nodes, by code.',
      labels: ['code'],
      samples: () => [...this.#source.rejected()].map(([code, count]): Sample => [[code], count]),
    });
  }

  #aboutHub(): void {
    const { version, startedAtMs, people, connections, certificateExpiresMs } = this.#source;
    gauge(this.#registry, {
      name: 'packetlog_hub_people',
      help: 'Connections of people.',
      samples: () => [[[], people()]],
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_connections',
      help: 'TCP connections.',
      samples: () => [[[], connections()]],
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_tls_certificate_expiry_time_seconds',
      help: 'When the TLS certificate in use expires; no sample without TLS.',
      samples: () => {
        const expiresMs = certificateExpiresMs();
        return expiresMs === undefined ? [] : [[[], expiresMs / S]];
      },
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_process_resident_memory_bytes',
      help: 'Resident memory.',
      samples: () => [[[], residentMemory()]],
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_build_info',
      help: 'Always 1.',
      labels: ['version'],
      samples: () => [[[version], 1]],
    });
    gauge(this.#registry, {
      name: 'packetlog_hub_start_time_seconds',
      help: 'Start of the hub.',
      samples: () => [[[], startedAtMs / S]],
    });
  }

  #count(is: (node: FleetNode) => boolean): number {
    return this.#fleet.nodes.filter(is).length;
  }
}

function ageSample({ name, group, heard_at_ms }: FleetNode, atMs: number): Sample[] {
  return heard_at_ms === null ? [] : [[[name, group], Math.max(0, (atMs - heard_at_ms) / S)]];
}

function rulesState({ wanted, report }: FleetNode): (typeof STATES)[number] {
  if (wanted === undefined || report === undefined) return 'none';
  const { generation, answer } = report.rules;
  if (answer?.number === wanted) return answer.state;
  return generation?.number === wanted ? 'in_force' : 'waiting';
}
