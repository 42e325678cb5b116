/** The recorder's thread: writes what the drain thread passes on. It calls no C function. */
import { readFileSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PACKET_LOG_SIZE } from '@packetlog/common';
import { collectYoungGarbage } from '../collect-garbage.ts';
import type { ToRecorder } from '../ipc/recorder-channel.ts';
import { RecorderCounts } from '../ipc/recorder-counts.ts';
import { type SlabMemory, Slabs } from '../ipc/slabs.ts';
import { nameThread } from '../system/thread-name.ts';
import type { FromRecorder, ToRecorderThread } from './recorder-messages.ts';
import type { RecorderSettings } from './writer/recorder-settings.ts';
import { SegmentRecorder } from './writer/segment-recorder.ts';

const TICK_MS = 1000;

const { settings, slabs, counts, port, version } = workerData as RecorderThreadData;

export interface RecorderThreadData {
  readonly settings: RecorderSettings;
  readonly slabs: SlabMemory;
  readonly counts: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly version: string;
}

const post = (message: FromRecorder) => parentPort?.postMessage(message);
const memory = new Slabs(slabs);
let recorder: SegmentRecorder | undefined;
/** What came before the drain thread began. */
const early: ToRecorderThread[] = [];
let stride = 0;
let recordOffset = 0;

nameThread('packetlog-rec');

function begin({ rings, before, ...ring }: Extract<ToRecorder, { type: 'begin' }>): void {
  ({ stride, recordOffset } = ring);
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  recorder = new SegmentRecorder(
    settings,
    new RecorderCounts(counts),
    { bootId, rings, before },
    {
      now: Date.now,
      monotonic: () => performance.now(),
      changed: (change) => post({ type: 'changed', change }),
      sealed: collectYoungGarbage,
      version,
    },
  );
  for (const message of early.splice(0)) handle(recorder, message);
  post({ type: 'opened', maxBytes: recorder.maxBytes });
}

/** Moves the records to the front of the slab, without what lies between them in a ring. */
function compact(bytes: Uint8Array, count: number): Uint8Array {
  if (stride !== PACKET_LOG_SIZE) {
    for (let i = 0; i < count; i++) {
      const from = i * stride + recordOffset;
      bytes.copyWithin(i * PACKET_LOG_SIZE, from, from + PACKET_LOG_SIZE);
    }
  }
  return bytes.subarray(0, count * PACKET_LOG_SIZE);
}

function handle(to: SegmentRecorder, message: ToRecorderThread): void {
  switch (message.type) {
    case 'interfaces':
      to.interfaces(message.names);
      return;
    case 'rules':
      to.rules(message.rules);
      return;
    case 'bookmark':
      post({ type: 'bookmarked', request: message.request, result: to.bookmark(message.wanted) });
      return;
    case 'unbookmark':
      post({ type: 'unbookmarked', request: message.request, wasThere: to.unbookmark(message.id) });
  }
}

const timer = setInterval(() => recorder?.tick(), TICK_MS);

port.on('message', (message: ToRecorder) => {
  if (message.type === 'begin') return begin(message);
  recorder?.missed(message.missed);
  if (message.type === 'records') {
    recorder?.append(compact(memory.bytes(message.slab), message.count), message.count);
    memory.release(message.slab);
    return;
  }
  if (message.type === 'missed') return;
  clearInterval(timer);
  recorder?.close();
  post({ type: 'closed' });
  port.close();
  parentPort?.close();
});

parentPort?.on('message', (message: ToRecorderThread) => {
  if (recorder === undefined) early.push(message);
  else handle(recorder, message);
});
