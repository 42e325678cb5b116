/** Runs a real Prometheus in a namespace of the lab, and asks its API. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startProcess } from '../lab/process.ts';
import { programPath } from '../lab/program.ts';
import { forwardPort } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

/** In the namespace, where nothing else listens. */
const PORT = 9090;

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix time, and the value as text. */
  readonly value: readonly [number, string];
}

export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly evaluationTime: number;
}

export interface Prometheus {
  readonly process: LabProcess;
  /** Evaluates an expression now. */
  query(expression: string): Promise<Series[]>;
  /** Returns the value of an expression that yields one series; undefined if it yields none. */
  value(expression: string): Promise<number | undefined>;
  rules(): Promise<RuleState[]>;
  /** Ends the process and removes its data. */
  close(): Promise<void>;
}

/** `configuration`: the content of prometheus.yml, where file names are absolute. */
export async function startPrometheus(at: Namespace, configuration: object): Promise<Prometheus> {
  // First: if it is missing, nothing must be left.
  const program = programPath('usr/bin/prometheus');
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  const process = startProcess(at, program, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${PORT}`,
    '--log.level=warn',
  ]);
  const forward = await forwardPort(at, PORT, 0);
  const close = async () => {
    await process.end().catch(() => process.dispose());
    await forward.close();
    rmSync(directory, { recursive: true });
  };
  const url = `http://127.0.0.1:${forward.port}`;
  try {
    const isReady = () =>
      fetch(`${url}/-/ready`).then(
        (response) => response.ok,
        () => false,
      );
    await until(isReady, { what: 'Prometheus to be ready', evidence: () => process.stderr });
  } catch (error) {
    await close();
    throw error;
  }
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus: ${path}: ${answer.error}`);
    return answer.data;
  };
  const query = async (expression: string) =>
    (await ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
  return {
    process,
    query,
    value: async (expression) => {
      const series = await query(expression);
      if (series.length > 1) throw new Error(`${expression} has ${series.length} series`);
      return series[0] === undefined ? undefined : Number(series[0].value[1]);
    },
    rules: async () => (await ask<{ groups: { rules: RuleState[] }[] }>('rules')).groups.flatMap(({ rules }) => rules),
    close,
  };
}
