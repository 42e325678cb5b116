/** Writes the records of a run to standard output or to a capture file, and denied ones to their log. */
import type { Writable } from 'node:stream';
import { compileFilter, type Filter, type Notice, type PacketLogView } from '@packetlog/common';
import { DenyLog } from '../../deny-log/deny-log.ts';
import { InterfaceNames } from '../../ipc/interface-table.ts';
import type { DrainLedger } from '../../ipc/messages.ts';
import { captureEncoding } from '../../print/capture-format.ts';
import { ConsolePrinter } from '../../print/console-printer.ts';
import { standardOutput } from '../../print/standard-output.ts';
import type { Ready } from '../../reader/drain-thread.ts';
import type { PrintFormat } from '../options/run-settings.ts';
import { closed, PRINT_MS, READER_GONE, type RecordOutput } from '../process/record-output.ts';
import type { Stop } from '../process/stop.ts';
import { consoleEncoding } from './console-encoding.ts';
import { ledgerJson, ledgerText } from './final-report.ts';
import { logAppender } from './log-appender.ts';

export interface RecordSinkOptions {
  readonly print: PrintFormat;
  readonly filter: Filter | undefined;
  /** File for denied packets, at most `logDeniesRate` per second. */
  readonly logDenies: string | undefined;
  readonly logDeniesRate: number;
  /** Called when that log begins to lose records, and when it stops. */
  readonly notice: (notice: Notice) => void;
  /** Takes the records in place of `print`. */
  readonly output: RecordOutput | undefined;
  /** Ends the run when the output has closed or has the requested number of records. */
  readonly stop: Stop;
}

export class RecordSink {
  /** Names of the interfaces by ifindex. */
  readonly names = new InterfaceNames();
  readonly #options: RecordSinkOptions;
  readonly #file: Writable | undefined;
  readonly #denyLog: DenyLog | undefined;
  #ready: Pick<Ready, 'stride' | 'recordOffset'> | undefined;
  #printer: ConsolePrinter | undefined;
  #error: Error | undefined;

  /** Opens the capture file, if there is one; throws SetupError. */
  constructor(options: RecordSinkOptions) {
    this.#options = options;
    this.#file = options.output?.open();
    const { logDenies: path, logDeniesRate: perSecond, notice } = options;
    const nameOf = (ifindex: number) => this.names.nameOf(ifindex);
    const appender = logAppender();
    this.#denyLog = path === undefined ? undefined : new DenyLog({ path, perSecond, nameOf, notice, appender });
  }

  get wantsRows(): boolean {
    return this.#options.output !== undefined || this.#options.print !== 'none' || this.#denyLog !== undefined;
  }

  /** The error of a failed write. A reader that has exited, such as `head`, is not a failure. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Updates the names of interfaces; a filter by interface name follows them. */
  learn(interfaces: DrainLedger['interfaces']): void {
    if (this.names.learn(interfaces)) this.#applyFilter();
  }

  /** Starts to write. Records added before are discarded. */
  start({ interfaces, stride, recordOffset }: Ready): void {
    this.learn(interfaces);
    this.#ready = { stride, recordOffset };
    const { output, stop } = this.#options;
    const encoding = this.#encoding(interfaces.length > 1);
    if (!encoding) return;
    this.#printer = new ConsolePrinter({
      output: this.#file ?? standardOutput(),
      ...encoding,
      stride,
      recordOffset,
      onClosed: (error) => {
        if (!READER_GONE.has(error.code ?? '')) this.#error = error;
        stop.now('output closed');
      },
    });
    this.#applyFilter();
    this.#printer.setLimit(output?.count, () => stop.now('packet limit'));
  }

  /** Copies `count` records from the start of `bytes`. */
  add(bytes: Uint8Array, count: number): void {
    this.#printer?.add(bytes, count);
    if (this.#ready) this.#denyLog?.add(bytes, count, this.#ready.stride, this.#ready.recordOffset);
  }

  /** Opens the log of denied packets again, after it was renamed to rotate it. */
  reopen(): void {
    this.#denyLog?.reopen();
  }

  /** Writes what is queued, then the ledger if the output is JSON lines, and closes the file. */
  async finish(ledger: DrainLedger, isPinned: boolean): Promise<void> {
    const { output, print } = this.#options;
    const counts = () => this.#printer?.counts ?? { console: 0, dropped: 0 };
    const lastLine =
      !output && print === 'json' ? () => ledgerJson(ledger, counts(), isPinned, this.#denyLog?.counts) : undefined;
    await this.#denyLog?.finish(PRINT_MS);
    await this.#printer?.finish(lastLine, PRINT_MS);
    if (this.#file) await closed(this.#file);
  }

  /** Returns the ledger as text. */
  report(ledger: DrainLedger, isPinned: boolean): string[] {
    const { output } = this.#options;
    const denyLog = this.#denyLog?.counts;
    return ledgerText(ledger, this.#printer?.counts, { output: output?.name, isPinned, denyLog });
  }

  /** Name of the output, for messages. */
  get name(): string {
    return this.#options.output?.name ?? 'standard output';
  }

  #encoding(showInterface: boolean) {
    const { output, print } = this.#options;
    if (output) return captureEncoding(output.format, (ifindex) => this.names.nameOf(ifindex));
    const nameOf = (view: PacketLogView, i: number) => this.names.nameOf(view.ifindex(i));
    return consoleEncoding(print, nameOf, showInterface);
  }

  #applyFilter(): void {
    const { filter } = this.#options;
    if (filter) this.#printer?.setFilter(compileFilter(filter, this.names));
  }
}
