/**
 * Logs denied packets to a file (`--log-denies`), one JSON object per line, at most `perSecond` lines each second. What
 * is not logged is counted, with its cause.
 */
import { ACTIONS, type Notice, PacketLogView, packetLogJson } from '@packetlog/common';
import { LossAlarm } from '../reader/loss-alarm.ts';
import { type Appender, AppendFile } from './append-file.ts';

export interface DenyLogCounts {
  /** Records that are in the file. */
  written: number;
  /** Records over the limit of lines per second. */
  withheld: number;
  /** Records that could not be written: the file or the disk failed, or was too slow. */
  lost: number;
}

export interface DenyLogOptions {
  readonly path: string;
  readonly perSecond: number;
  readonly nameOf: (ifindex: number) => string;
  /** Called when loss begins and when it ends. */
  readonly notice: (notice: Notice) => void;
  /** Undefined: this process writes the file itself. */
  readonly appender?: Appender | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

const CHECK_MS = 500;

export class DenyLog {
  readonly #options: DenyLogOptions;
  readonly #now: () => number;
  readonly #file: AppendFile;
  readonly #rateAlarm: LossAlarm;
  readonly #fileAlarm: LossAlarm;
  #withheld = 0;
  /** Lines that the current second still permits, and its begin. */
  #room = 0;
  #secondBegan = Number.NEGATIVE_INFINITY;
  /** Runs while packets are denied, or a loss has not ended. */
  #timer: NodeJS.Timeout | undefined;
  #isActive = false;

  constructor(options: DenyLogOptions) {
    const { path, perSecond, now = () => performance.now() } = options;
    this.#options = options;
    this.#now = now;
    this.#file = new AppendFile(path, now, options.appender);
    this.#rateAlarm = new LossAlarm(
      `in the log of denied packets, because more than ${perSecond} a second are denied`,
      'A larger --log-denies-rate logs more of them.',
    );
    this.#fileAlarm = new LossAlarm(
      `in the log of denied packets, because ${path} cannot be written or is too slow`,
      'They are denied all the same.',
    );
  }

  get counts(): DenyLogCounts {
    return { ...this.#file.counts, withheld: this.#withheld };
  }

  /** Logs the denied records among `count` records at the start of `bytes`, which may change when this returns. */
  add(bytes: Uint8Array, count: number, stride: number, recordOffset: number): void {
    const view = new PacketLogView(bytes.subarray(0, count * stride), { count, stride, recordOffset });
    const denied: number[] = [];
    for (let i = 0; i < count; i++) if (view.action(i) === ACTIONS.deny) denied.push(i);
    if (denied.length === 0) return;
    this.#watch();
    const allowed = this.#take(denied.length);
    this.#withheld += denied.length - allowed;
    if (allowed === 0) return;
    const { nameOf } = this.#options;
    let text = '';
    for (const i of denied.slice(0, allowed)) text += `${packetLogJson(view, i, nameOf(view.ifindex(i)))}\n`;
    this.#file.append(text, allowed);
  }

  /** Opens the file again, after it was renamed to rotate it. */
  reopen(): void {
    this.#file.reopen();
  }

  /** Resolves when all records are written or counted as lost. */
  async finish(timeoutMs: number): Promise<void> {
    await this.#file.end(timeoutMs);
    clearInterval(this.#timer);
    this.#check();
  }

  /** Returns how many of `lines` may be written now. */
  #take(lines: number): number {
    const now = this.#now();
    if (now - this.#secondBegan >= 1000) {
      this.#secondBegan = now;
      this.#room = this.#options.perSecond;
    }
    const taken = Math.min(lines, this.#room);
    this.#room -= taken;
    return taken;
  }

  #watch(): void {
    this.#isActive = true;
    this.#timer ??= setInterval(() => {
      this.#check();
      if (!this.#isActive && !this.#rateAlarm.losing && !this.#fileAlarm.losing) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
      this.#isActive = false;
    }, CHECK_MS).unref();
  }

  #check(): void {
    const rate = this.#rateAlarm.update(this.#withheld, Date.now(), this.#now());
    const file = this.#fileAlarm.update(this.#file.counts.lost, Date.now(), this.#now());
    const why = this.#file.error?.message;
    if (rate) this.#options.notice(rate);
    if (file)
      this.#options.notice(why === undefined ? file : { ...file, message: `${file.message} The error: ${why}.` });
  }
}
