/** The whole loader at a steady rate, with and without recording, in turns: CPU time, memory, and whether it loses any. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { listSegments, openSegment } from '@packetlog/loader/segments';
import { loaderPids } from '../lab/server-process.ts';
import { BenchLab, kept, usage } from './lab.ts';
import type { Peers } from './peers.ts';
import { footprint } from './process-memory.ts';
import { type Report, Rounds, say, table, text } from './report.ts';
import { median } from './statistics.ts';

const ROUNDS = 3;
const PER_SECOND = 100_000;
const SECONDS = 12;
/** Before that, V8 compiles. */
const WARM_SECONDS = 2;
const SAMPLE_MS = 500;
const THREAD = 'packetlog-rec';

export async function measureRecording(peers: Peers, directory: string, report: Report) {
  const lab = await BenchLab.open(peers);
  const figures = new Rounds();
  let lost = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const how of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
        const outcome = await runLoader(lab, how, directory);
        figures.add(`${how} cpu`, outcome.cpuPercent);
        figures.add(`${how} pss`, outcome.pssMib);
        if (how === 'off') continue;
        figures.add('thread cpu', outcome.threadPercent);
        lost += outcome.lost;
      }
    }
  } finally {
    await lab.close();
  }
  const differences = (what: string) =>
    figures.of(`on ${what}`).map((on, i) => on - (figures.of(`off ${what}`)[i] ?? 0));
  const [cpu, pss] = [median(differences('cpu')), median(differences('pss'))];
  const thread = figures.median('thread cpu');
  say(`\nThe loader at ${text(PER_SECOND)} packets/s (median of ${ROUNDS} rounds), ${text(lost)} records lost`);
  table(
    ['', 'CPU %', 'PSS peak MiB'],
    [
      ['without recording', text(figures.median('off cpu')), text(figures.median('off pss'))],
      ['with recording', text(figures.median('on cpu')), text(figures.median('on pss'))],
      ['more', text(cpu), text(pss)],
      ["the recorder's thread, with sealing", text(thread), ''],
    ],
  );
  report.figure('recorder_cpu_percent_at_100k_pps', thread);
  report.figure('recorder_recording_mib', pss);
  report.figure('recorder_lost_at_100k_pps', lost);
  return {
    packets_per_s: PER_SECOND,
    lost,
    thread_cpu_percent: figures.spread('thread cpu'),
    more_cpu_percent: cpu,
    more_pss_mib: pss,
    without: { cpu_percent: figures.spread('off cpu'), pss_peak_mib: figures.spread('off pss') },
    with: { cpu_percent: figures.spread('on cpu'), pss_peak_mib: figures.spread('on pss') },
  };
}

async function runLoader(lab: BenchLab, how: 'on' | 'off', directory: string) {
  const tool = await lab.startPacketlog(...(how === 'on' ? ['--record-dir', directory] : []));
  try {
    await lab.sendSteadily(PER_SECOND * WARM_SECONDS, PER_SECOND);
    const before = { all: usage(tool.pid).cpuNs, thread: threadNs(tool.pid), at: performance.now() };
    let isSending = true;
    const sending = lab.sendSteadily(PER_SECOND * SECONDS, PER_SECOND).finally(() => {
      isSending = false;
    });
    let pssMib = 0;
    while (isSending) {
      pssMib = Math.max(pssMib, footprint(loaderPids(tool.pid)).pss_mib);
      await delay(SAMPLE_MS);
    }
    const { sent } = await sending;
    const percent = (from: number, to: number) => (to - from) / ((performance.now() - before.at) * 1e4);
    const cpuPercent = percent(before.all, usage(tool.pid).cpuNs);
    const threadPercent = percent(before.thread, threadNs(tool.pid));
    const wanted = sent + PER_SECOND * WARM_SECONDS;
    const said = await tool.stop();
    const seen = how === 'on' ? Math.min(kept(said), recordsIn(directory)) : kept(said);
    return { cpuPercent, threadPercent, pssMib, lost: Math.max(0, wanted - seen) };
  } finally {
    if (how === 'on') rmSync(directory, { recursive: true, force: true });
  }
}

/** CPU time of the recorder's thread so far; 0 if there is none. */
function threadNs(pid: number): number {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const read = (name: string) => readFileSync(`/proc/${pid}/task/${task}/${name}`, 'utf8');
    if (read('comm').trim() === THREAD) ns += Number(read('schedstat').split(' ')[0]);
  }
  return ns;
}

function recordsIn(directory: string): number {
  let records = 0;
  for (const file of listSegments(directory)) {
    using segment = openSegment(file);
    records += segment?.facts.records ?? 0;
  }
  return records;
}
