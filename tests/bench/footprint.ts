/** Measures the memory of the loader's processes, and how long its start takes. */
import { setTimeout as delay } from 'node:timers/promises';
import { loaderPids } from '../lab/server-process.ts';
import { BenchLab } from './lab.ts';
import type { Peers } from './peers.ts';
import { footprint } from './process-memory.ts';
import { type Report, say, table, text } from './report.ts';
import { median, spread } from './statistics.ts';

const STARTS = 11;
/** Until then V8 returns memory of the start. */
const SETTLE_MS = 15_000;
const DEFAULT_ROWS = 20_000;
const FLOODS = 10;
const FLOOD_FRAMES = 1_000_000;
const REPORTS_MS = 2000;

export async function compareFootprint(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  try {
    const start = await measureStarts(lab);
    const memory = await measureMemory(lab);
    say(`\nStart and memory of both processes, rings of 4 MiB (medians of ${STARTS} starts)`);
    table(
      ['start s', 'start CPU s', 'idle MiB', 'after a flood MiB', 'idle PSS MiB', 'after a flood PSS MiB'],
      [
        [
          median(start.seconds),
          median(start.cpuSeconds),
          memory.idle.alone_mib,
          memory.after_flood.alone_mib,
          memory.idle.pss_mib,
          memory.after_flood.pss_mib,
        ].map(text),
      ],
    );
    report.section('footprint', { start_s: spread(start.seconds), start_cpu_s: spread(start.cpuSeconds), ...memory });
    report.figure('footprint_start_s', median(start.seconds));
    report.figure('footprint_start_cpu_s', median(start.cpuSeconds));
    report.figure('footprint_idle_mib', memory.idle.alone_mib);
    report.figure('footprint_after_flood_mib', memory.after_flood.alone_mib);
  } finally {
    await lab.close();
  }
}

/** The first start is not counted: it reads files that are not in the page cache yet. */
async function measureStarts(lab: BenchLab): Promise<{ seconds: number[]; cpuSeconds: number[] }> {
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  for (let i = 0; i <= STARTS; i++) {
    const tool = await lab.startAsInstalled();
    const cpu = footprint(loaderPids(tool.pid)).cpuSeconds;
    await tool.stop();
    if (i === 0) continue;
    seconds.push(tool.readyMs / 1000);
    cpuSeconds.push(cpu);
  }
  return { seconds, cpuSeconds };
}

async function measureMemory(lab: BenchLab) {
  const tool = await lab.startAsInstalled();
  await delay(SETTLE_MS);
  const { cpuSeconds: _, ...idle } = footprint(loaderPids(tool.pid));
  const client = await lab.startClients(1, DEFAULT_ROWS);
  for (let i = 0; i < FLOODS; i++) await lab.sendFast(FLOOD_FRAMES, 'watched');
  await delay(REPORTS_MS);
  const { cpuSeconds: __, ...after_flood } = footprint(loaderPids(tool.pid));
  await client.end();
  await tool.stop();
  return { idle, after_flood };
}
