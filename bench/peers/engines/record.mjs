/**
 * The recorder's writer: appends generated records in slabs, as the recorder's thread does, and seals them.
 *
 *   {"do":"record","directory":path,"segments":n}
 */
import { readFileSync } from 'node:fs';
import { collectYoungGarbage } from '../../../packages/loader/dist/collect-garbage.js';
import { makeRecorderCounts, RecorderCounts } from '../../../packages/loader/dist/ipc/recorder-counts.js';
import { SLAB_BYTES } from '../../../packages/loader/dist/ipc/slabs.js';
import { SegmentRecorder } from '../../../packages/loader/dist/recorder/writer/segment-recorder.js';
import { GeneratedTraffic } from '../../../packages/loader/test/support/generated-traffic.ts';
import { cpuNsSince, serve } from './serve.mjs';

const SEGMENT_RECORDS = 65_536;
const RECORD_BYTES = 64;
const SLAB_RECORDS = SLAB_BYTES / RECORD_BYTES;
const TICK_MS = 1000;
const MAX_BYTES = 64 * 2 ** 30;

/** @param {{ directory: string, segments: number }} request */
function record({ directory, segments }) {
  const settings = {
    directory,
    maxBytes: MAX_BYTES,
    maxAgeMs: undefined,
    permitsPerSecond: Number.POSITIVE_INFINITY,
    anonymize: false,
    node: 'bench',
  };
  const counts = new RecorderCounts(makeRecorderCounts());
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const recorder = new SegmentRecorder(
    settings,
    counts,
    { bootId, rings: 1, before: 0 },
    {
      now: Date.now,
      monotonic: () => performance.now(),
      changed: (change) => {
        if ('problem' in change) throw new Error(`recording stopped: ${change.problem}`);
      },
      sealed: collectYoungGarbage,
      version: 'bench',
    },
  );
  recorder.interfaces({ 2: 'eth0' });
  const traffic = new GeneratedTraffic();
  /** By segment. */
  const append_ns = [];
  const seal_ns = [];
  let tickCpuNs = 0;
  let tickAt = performance.now() + TICK_MS;
  for (let segment = 0; segment < segments; segment++) {
    const records = traffic.take(SEGMENT_RECORDS);
    let appended = 0;
    for (let at = 0; at < SEGMENT_RECORDS - SLAB_RECORDS; at += SLAB_RECORDS) appended += append(recorder, records, at);
    const perRecord = appended / (SEGMENT_RECORDS - SLAB_RECORDS);
    // The last slab also seals the segment.
    const last = append(recorder, records, SEGMENT_RECORDS - SLAB_RECORDS);
    append_ns.push(perRecord);
    seal_ns.push((last - perRecord * SLAB_RECORDS) / SEGMENT_RECORDS);
    if (performance.now() < tickAt) continue;
    tickAt = performance.now() + TICK_MS;
    const before = process.cpuUsage();
    recorder.tick();
    tickCpuNs += cpuNsSince(before);
  }
  recorder.close();
  const rows = segments * SEGMENT_RECORDS;
  if (counts.get('recorded') !== rows) throw new Error(`${counts.get('recorded')} of ${rows} records were written`);
  return { rows, bytes: counts.get('bytes'), append_ns, seal_ns, tick_ns: tickCpuNs / rows };
}

/** @param {SegmentRecorder} recorder @param {Uint8Array} records @param {number} at */
function append(recorder, records, at) {
  const slab = records.subarray(at * RECORD_BYTES, (at + SLAB_RECORDS) * RECORD_BYTES);
  const before = process.cpuUsage();
  recorder.append(slab, SLAB_RECORDS);
  return cpuNsSince(before);
}

await serve({ record });
