/** The results, for bench/results.json and for the terminal. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median, type Spread, spread } from './statistics.ts';

const RESULTS = fileURLToPath(new URL('../../bench/results.json', import.meta.url));

/** Targets; `atMost` where less is better. */
export const AIMS = {
  // Against tools that do not wake a reader: these do not depend on the hypervisor.
  events_per_s_vs_best_c: { atLeast: 1.2 },
  deny_ns_vs_xdp_filter: { atMost: 1 },
  deny_count_only_ns_vs_xdp_filter: { atMost: 1 },
  limit_ns: { atMost: 25 },
  limit_cells_full_ns: { atMost: 60 },
  no_limit_ns: { atMost: 1 },
  limit_ns_vs_nft_meter: { atMost: 0.2 },
  limit_ns_vs_nft_meter_netdev: { atMost: 0.2 },
  limit_ns_vs_hashlimit: { atMost: 1 / 3 },
  limit_ns_vs_lru_hash: { atMost: 0.2 },
  added_ns_per_packet_vs_tcpdump: { atMost: 0.15 },
  scaling_two_cpus: { atLeast: 1.9 },
  tcp_stream_vs_bare: { atLeast: 0.95 },
  tcp_stream_vs_empty_program: { atLeast: 0.97 },
  fanout_stalled_penalty: { atMost: 1.1 },
  // Against readers that are woken.
  events_per_s_vs_perf_wakeup: { atLeast: 120 },
  events_per_s_vs_libbpf_ring_poll: { atLeast: 5 },
  reader_cpu_vs_libbpf_ring_poll: { atMost: 0.2 },
  footprint_start_s: { atMost: 0.7 },
  footprint_start_cpu_s: { atMost: 0.6 },
  footprint_idle_mib: { atMost: 120 },
  footprint_after_flood_mib: { atMost: 180 },
  fps_at_1m_pps: { atLeast: 55 },
  page_cpu_at_1m_pps: { atMost: 0.5 },
  paint_p99_ms_at_10k_pps: { atMost: 150 },
  first_load_kb_gzip: { atMost: 260 },
  interactive_ms: { atMost: 1000 },
  scroll_fps_10k_rules: { atLeast: 55 },
  lighthouse_performance: { atLeast: 0.95 },
  lighthouse_accessibility: { atLeast: 0.95 },
  lighthouse_best_practices: { atLeast: 0.95 },
  recorder_append_rows_per_s: { atLeast: 5_000_000 },
  recorder_seal_ns_per_row: { atMost: 400 },
  recorder_bytes_per_row: { atMost: 9.5 },
  recorder_by_minute_1h_vs_duckdb: { atMost: 0.6 },
  recorder_top_sources_24h_vs_duckdb: { atMost: 0.7 },
  recorder_network_24h_vs_duckdb: { atMost: 1.3 },
  recorder_first_rows_ms: { atMost: 150 },
  recorder_day_by_minute_ms: { atMost: 1000 },
  recorder_recording_mib: { atMost: 30 },
  recorder_querying_mib: { atMost: 100 },
  recorder_cpu_percent_at_100k_pps: { atMost: 6 },
  recorder_lost_at_100k_pps: { atMost: 0 },
  fleet_cpu_percent: { atMost: 15 },
  fleet_mib: { atMost: 200 },
  fleet_back_s: { atMost: 40 },
} as const satisfies Record<string, { atLeast: number } | { atMost: number }>;

interface Results {
  readonly machine: unknown;
  readonly seconds: number;
  readonly failed_sections: unknown;
  readonly merged?: unknown;
  readonly ratios: unknown;
  readonly ratio_spreads: unknown;
  readonly [section: string]: unknown;
}

export class Report {
  readonly #sections: Record<string, unknown> = {};
  readonly #ratios: Record<string, Spread> = {};
  readonly #figures: Record<string, number> = {};
  readonly #failed: Record<string, string> = {};
  readonly #started = performance.now();

  /** Values by round; the reported figure is their median. */
  ratio(name: string, values: readonly number[]): void {
    this.#ratios[name] = spread(values);
  }

  /** Adds a figure that is not a ratio, to print beside its target; its section writes it. */
  figure(name: string, value: number): void {
    if (name in AIMS) this.#figures[name] = value;
  }

  section(name: string, content: unknown): void {
    this.#sections[name] = content;
  }

  /** Records that a section failed. What it measured before is kept. */
  failed(name: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failed[name] = message;
    say(`\n${name}: FAILED: ${message}`);
  }

  /**
   * Prints the ratios. Writes the results if all sections ran, even if some failed. `merges`: writes those of the
   * sections that ran into the results of an earlier run.
   */
  finish(all: boolean, merges: boolean): void {
    say('\nRatios, medians of rounds (quartiles) and aims');
    table(
      ['', 'median', 'quartiles', 'aim', ''],
      Object.entries(this.#ratios).map(([name, { median, q1, q3 }]) => [
        name,
        text(median),
        `${text(q1)} .. ${text(q3)}`,
        ...aim(name, median),
      ]),
    );
    const figures = Object.entries(this.#figures).map(([name, value]) => [name, text(value), ...aim(name, value)]);
    if (figures.length > 0) {
      say('\nFigures and aims');
      table(['', 'measured', 'aim', ''], figures);
    }
    const failed = Object.entries(this.#failed);
    if (failed.length > 0) {
      say('\nSections that failed; the results are those of the others');
      table(
        ['', 'why'],
        failed.map(([name, message]) => [name, message.split('\n')[0] ?? '']),
      );
    }
    if (all) this.#write({ failed_sections: this.#failed, ...this.#own() });
    else if (merges && failed.length === 0) this.#merge();
  }

  #own() {
    return {
      machine: machine(),
      seconds: Math.round((performance.now() - this.#started) / 1000),
      ratios: Object.fromEntries(Object.entries(this.#ratios).map(([name, { median }]) => [name, median])),
      ratio_spreads: this.#ratios,
      ...this.#sections,
    };
  }

  /** The machine and the time of each section that was measured later are in `merged`. */
  #merge(): void {
    const { aims: _, ...before } = JSON.parse(readFileSync(RESULTS, 'utf8'));
    const { machine, seconds, ratios, ratio_spreads, ...sections } = this.#own();
    const merged = Object.fromEntries(Object.keys(sections).map((name) => [name, { machine, seconds }]));
    this.#write({
      ...before,
      merged: { ...before.merged, ...merged },
      ratios: { ...before.ratios, ...ratios },
      ratio_spreads: { ...before.ratio_spreads, ...ratio_spreads },
      ...sections,
    });
  }

  #write({ machine, seconds, failed_sections, merged, ratios, ratio_spreads, ...sections }: Results): void {
    const head = { machine, seconds, failed_sections, ...(merged === undefined ? {} : { merged }), aims: AIMS };
    const results = { ...head, ratios, ratio_spreads, ...sections };
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
    say('\nwritten: bench/results.json');
  }
}

function aim(name: string, value: number): [string, string] {
  const wanted = (AIMS as Record<string, { atLeast?: number; atMost?: number }>)[name];
  if (wanted?.atLeast !== undefined) return [`>= ${wanted.atLeast}`, value >= wanted.atLeast ? 'met' : 'MISSED'];
  if (wanted?.atMost !== undefined) return [`<= ${wanted.atMost}`, value <= wanted.atMost ? 'met' : 'MISSED'];
  return ['', ''];
}

function machine() {
  const [, virtual] = /^flags\s*:.*\b(hypervisor)\b/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  return {
    kernel: release(),
    cpu: cpus()[0]?.model.trim(),
    cpus: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    virtual: virtual !== undefined,
    node: process.version,
    load_at_end: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
  };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Formats a number with at most four digits and thousands separators. */
export const text = (value: number): string =>
  Number.isFinite(value) ? value.toLocaleString('en-US', { maximumSignificantDigits: 4 }) : '-';

/** Aligns the first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    say(
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`,
    );
  }
}

/** Figures by name and round. */
export class Rounds {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values) values.push(value);
    else this.#values.set(name, [value]);
  }

  of(name: string): number[] {
    return this.#values.get(name) ?? [];
  }

  median(name: string): number {
    return median(this.of(name));
  }

  spread(name: string): Spread {
    return spread(this.of(name));
  }
}
