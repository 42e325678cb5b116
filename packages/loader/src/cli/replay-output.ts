/** Prints the records of a replay, and waits while the output is slow: a file does not run away. */
import { setTimeout as delay } from 'node:timers/promises';
import { compileFilter, type Filter, PACKET_LOG_SIZE } from '@packetlog/common';
import { InterfaceNames } from '../ipc/interface-table.ts';
import { ConsolePrinter, type PrinterCounts } from '../print/console-printer.ts';
import { standardOutput } from '../print/standard-output.ts';
import type { ReplayBatch } from '../replay/replay-program.ts';
import type { PrintFormat } from './options/run-settings.ts';
import { PRINT_MS, READER_GONE } from './process/record-output.ts';
import type { Stop } from './process/stop.ts';
import { consoleEncoding } from './run/console-encoding.ts';

/** Records that may wait for the output. */
const MAX_PENDING = 32_768;
const WAIT_MS = 2;

export class ReplayOutput {
  readonly names = new InterfaceNames();
  readonly #filter: Filter | undefined;
  readonly #printer: ConsolePrinter | undefined;
  #error: Error | undefined;
  #isClosed = false;

  constructor(print: PrintFormat, filter: Filter | undefined, stop: Stop) {
    this.#filter = filter;
    const encoding = consoleEncoding(print, (view, i) => this.names.nameOf(view.ifindex(i)), true);
    if (encoding === undefined) return;
    this.#printer = new ConsolePrinter({
      output: standardOutput(),
      ...encoding,
      stride: PACKET_LOG_SIZE,
      recordOffset: 0,
      onClosed: (error) => {
        this.#isClosed = true;
        if (!READER_GONE.has(error.code ?? '')) this.#error = error;
        stop.now('output closed');
      },
    });
    this.#applyFilter();
  }

  /** The error of a failed write. A reader that has exited, such as `head`, is not a failure. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Absent with `--print none`. */
  get counts(): PrinterCounts | undefined {
    return this.#printer?.counts;
  }

  /** Learns the names of interfaces, by slot. */
  learn(slots: ReadonlyMap<string, number>): void {
    if (this.names.learn([...slots].map(([name, ifindex]) => ({ name, ifindex })))) this.#applyFilter();
  }

  add({ bytes, count }: ReplayBatch): void {
    this.#printer?.add(bytes, count);
  }

  /** Resolves when the output can take more. */
  async room(): Promise<void> {
    while (!this.#isClosed && (this.#printer?.pending ?? 0) > MAX_PENDING) await delay(WAIT_MS);
  }

  /** Writes what is queued, then the last line. */
  async finish(lastLine: (() => string) | undefined): Promise<void> {
    await this.#printer?.finish(lastLine, PRINT_MS);
  }

  #applyFilter(): void {
    if (this.#filter) this.#printer?.setFilter(compileFilter(this.#filter, this.names));
  }
}
