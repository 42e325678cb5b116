/** `packetlog segments cat` and `export`: prints the records of segments. */

import { createWriteStream, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Filter } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { type CaptureFormat, captureEncoding } from '../../print/capture-format.ts';
import type { EncodeRecords } from '../../print/console-printer.ts';
import { standardOutput } from '../../print/standard-output.ts';
import { say } from '../process/say.ts';
import { consoleEncoding } from '../run/console-encoding.ts';
import { type PastBatch, PastRecords } from './past-records.ts';
import { WaitingOutput } from './waiting-output.ts';

export interface PrintPastOptions {
  readonly directory: string;
  readonly range: TimeRange;
  readonly filter: Filter | undefined;
  /** `text`: as `run` prints them. */
  readonly format: 'text' | CaptureFormat;
  /** `-`: standard output. */
  readonly write: string;
}

/** Records encoded at once. */
const BURST = 512;
const NOTHING_OMITTED = { dropped: 0, withheld: 0, filtered: 0 };

/** Resolves with the exit code: failed if a segment was skipped or the output failed. */
export async function printPast(options: PrintPastOptions): Promise<number> {
  const { directory, range, filter, format, write } = options;
  const past = new PastRecords(directory);
  // Read before the output is opened: a wrong directory creates no file.
  const batches = past.read(range, filter);
  const first = batches.next();
  const output = new WaitingOutput(write === '-' ? standardOutput() : fileOutput(write));
  const encoder = new PastEncoder(format);
  let goesOn = await output.write(encoder.head);
  for (let next = first; goesOn && !next.done; next = batches.next()) {
    for (const chunk of encoder.chunks(next.value)) {
      goesOn = await output.write(chunk);
      if (!goesOn) break;
    }
  }
  batches.return();
  if (write !== '-') await output.end();
  return report(past, output, write);
}

function report({ corrupt }: PastRecords, { error }: WaitingOutput, write: string): number {
  for (const each of corrupt) say(`packetlog: ${each.message}`, 'error');
  if (corrupt.length > 0) {
    const segments = corrupt.length === 1 ? 'One segment was' : `${corrupt.length} segments were`;
    say(`${segments} skipped. packetlog segments verify shows all damage.`, 'error');
  }
  if (error) say(`packetlog: write to ${write === '-' ? 'standard output' : write}: ${error.message}.`, 'error');
  return corrupt.length > 0 || error ? EXIT.failed : EXIT.ok;
}

/** Encodes batches with the interface names of their periods. */
class PastEncoder {
  readonly head: string | Uint8Array;
  readonly #format: PrintPastOptions['format'];
  #encode: EncodeRecords;
  #period: PastBatch['period'] | undefined;

  constructor(format: PrintPastOptions['format']) {
    this.#format = format;
    const { head, encode } = this.#encoding();
    this.head = head;
    this.#encode = encode;
  }

  *chunks({ view, period }: PastBatch): Generator<string | Uint8Array, void, undefined> {
    const isOther = this.#period !== undefined && this.#period !== period && this.#period.startNs !== period.startNs;
    this.#period = period;
    if (isOther && this.#format === 'pcapng') {
      // A section describes an interface once: other names need another section.
      const { head, encode } = this.#encoding();
      this.#encode = encode;
      yield head;
    }
    for (let from = 0; from < view.length; from += BURST) {
      yield this.#encode(view, from, Math.min(view.length, from + BURST), NOTHING_OMITTED);
    }
  }

  #encoding(): { head: string | Uint8Array; encode: EncodeRecords } {
    const nameOf = (ifindex: number) => this.#period?.nameOf(ifindex) ?? String(ifindex);
    if (this.#format !== 'text') return captureEncoding(this.#format, nameOf);
    const { encode } = consoleEncoding('text', (view, i) => nameOf(view.ifindex(i)), true) as { encode: EncodeRecords };
    return { head: '', encode };
  }
}

function fileOutput(file: string): Writable {
  try {
    return createWriteStream(file, { fd: openSync(file, 'w', 0o600) });
  } catch (cause) {
    throw new SetupError({
      step: 'open for writing',
      target: file,
      next: 'Name a file in a writable directory.',
      exit: 'usage',
      cause,
    });
  }
}
