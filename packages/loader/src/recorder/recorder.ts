/** The main thread's handle on the recorder's thread. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import {
  type Interface,
  type Notice,
  type PastFacts,
  type RecorderLedger,
  type Rule,
  ruleSentence,
} from '@packetlog/common';
import type { RecorderChannel } from '../ipc/recorder-channel.ts';
import { makeRecorderCounts, type RecorderCount, RecorderCounts } from '../ipc/recorder-counts.ts';
import { makeSlabMemory } from '../ipc/slabs.ts';
import { RecorderBookmarks } from './recorder-bookmarks.ts';
import type { FromRecorder, ToRecorderThread } from './recorder-messages.ts';
import type { RecorderThreadData } from './recorder-thread.ts';
import type { RecordedRules, RecorderSettings } from './writer/recorder-settings.ts';
import type { RecordingChange } from './writer/segment-recorder.ts';

/** 8 MiB of shared memory, touched only when the disk is slow. */
const SLABS = 32;

export interface RecorderRoom {
  readonly bytes: number;
  readonly maxBytes: number;
  /** Time of the oldest packet; 0: there is none. */
  readonly oldestMs: number;
}

export type RecorderFacts = Pick<PastFacts, 'bytes' | 'max_bytes' | 'keep_ms' | 'is_anonymized'>;

export interface RecorderEvents {
  readonly notice: (notice: Notice) => void;
  /** The directory was read. */
  readonly opened: (room: RecorderRoom) => void;
  /** The thread ended: nothing is recorded any more. */
  readonly failed: (error: Error) => void;
}

export class Recorder {
  /** The drain thread's end; transfer its port. */
  readonly channel: RecorderChannel;
  readonly #worker: Worker;
  readonly #closed: Promise<void>;
  readonly #counts: RecorderCounts;
  readonly #settings: RecorderSettings;
  readonly bookmarks: RecorderBookmarks;
  #maxBytes = 0;
  #names = '';
  #hash = '';
  #version = 0;

  constructor(settings: RecorderSettings, version: string, events: RecorderEvents) {
    this.#settings = settings;
    this.bookmarks = new RecorderBookmarks((message) => this.#send(message));
    const { port1, port2 } = new MessageChannel();
    const slabs = makeSlabMemory(SLABS);
    const counts = makeRecorderCounts();
    const data: RecorderThreadData = { settings, slabs, counts, port: port2, version };
    this.#worker = new Worker(fileURLToPath(new URL('./recorder-thread.js', import.meta.url)), {
      workerData: data,
      transferList: [port2 as MessagePort],
      name: 'recorder',
    });
    this.channel = { port: port1, slabs, counts };
    this.#counts = new RecorderCounts(counts);
    this.#closed = new Promise((resolve) => {
      this.#worker.on('message', (message: FromRecorder) => {
        if (message.type === 'opened') {
          this.#maxBytes = message.maxBytes;
          events.opened(roomOf(message.maxBytes, this.#counts));
        }
        if (message.type === 'changed') events.notice(noticeOf(message.change, settings.directory));
        if (message.type === 'bookmarked' || message.type === 'unbookmarked') this.bookmarks.answered(message);
        if (message.type === 'closed') resolve();
      });
      this.#worker.on('error', (error) => {
        events.failed(error);
        resolve();
      });
      this.#worker.on('exit', () => {
        this.bookmarks.end();
        resolve();
      });
    });
  }

  /** Of the segments. */
  get directory(): string {
    return this.#settings.directory;
  }

  /** What clients are told besides the times of the records. */
  facts(): RecorderFacts {
    const { maxAgeMs, anonymize } = this.#settings;
    return {
      bytes: this.#counts.get('bytes'),
      max_bytes: this.#maxBytes,
      ...(maxAgeMs === undefined ? {} : { keep_ms: maxAgeMs }),
      is_anonymized: anonymize,
    };
  }

  /** Notes the interfaces if they differ from the last ones. */
  learn(interfaces: readonly Pick<Interface, 'ifindex' | 'name'>[]): void {
    const names = Object.fromEntries(
      interfaces.filter(({ ifindex }) => ifindex > 0).map(({ ifindex, name }) => [String(ifindex), name]),
    );
    const text = JSON.stringify(names);
    if (text === this.#names) return;
    this.#names = text;
    this.#send({ type: 'interfaces', names });
  }

  /** Notes the rules if they differ from the last ones. */
  rules(rules: readonly Rule[]): void {
    const texts = rules.map(recordedRule);
    const hash = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
    if (hash === this.#hash) return;
    this.#hash = hash;
    this.#send({ type: 'rules', rules: { version: ++this.#version, hash, rules: texts } });
  }

  /** Resolves when everything that the drain thread passed on is written, with the last ledger brought up to date. */
  async finish(last: RecorderLedger): Promise<RecorderLedger> {
    await this.#closed;
    const of = (name: RecorderCount) => this.#counts.get(name);
    const [recorded, sampled] = [of('recorded'), of('sampled')];
    const lost = last.offered - recorded - sampled;
    return { ...last, recorded, sampled, lost, pending: 0, expired: of('expired'), bytes: of('bytes') };
  }

  /** Ends the thread where the drain thread did not start or failed. */
  async abandon(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToRecorderThread): void {
    this.#worker.postMessage(message);
  }
}

/** A sentence without the time left, which changes, and the time when the rule expires. */
function recordedRule({ expires_at, ...rule }: Rule): RecordedRules['rules'][number] {
  const text = ruleSentence(rule, 0);
  return expires_at === undefined ? { id: rule.id, text } : { id: rule.id, text, expires_at };
}

function roomOf(maxBytes: number, counts: RecorderCounts): RecorderRoom {
  return { bytes: counts.get('bytes'), maxBytes, oldestMs: Math.floor(counts.get('oldest_ns') / 1e6) };
}

function noticeOf(change: RecordingChange, directory: string): Notice {
  const at_ms = Date.now();
  if ('warning' in change) return { at_ms, level: 'warning', code: 'bookmarks_ignored', message: change.warning };
  if ('problem' in change) {
    const message = `Recording to ${directory} stopped: ${change.problem}. Packets are shown and decided as before; recording resumes when the disk accepts data again.`;
    return { at_ms, level: 'warning', code: 'recording_stopped', message };
  }
  const message = `Recording to ${directory} resumed; ${change.lost} records are missing in it.`;
  return { at_ms, level: 'info', code: 'recording_resumed', message, count: change.lost };
}
