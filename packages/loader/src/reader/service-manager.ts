/**
 * Notifies the service manager that the loader is ready and that its drain loop is running: sd_notify(3). Does nothing
 * without NOTIFY_SOCKET.
 */
import type { ServiceManagerSettings } from '../ipc/service-manager-settings.ts';
import { connectNotifySocket, sendDatagram } from '../native/notify-socket.ts';

export class ServiceManager {
  /** Maximum time in milliseconds that the drain loop may sleep, so that the watchdog notification is sent in time. */
  readonly maxSleepMs: number;
  readonly #send: (text: string) => void;
  readonly #everyMs: number;
  #nextSign: number;

  constructor(settings: ServiceManagerSettings, connect = connectNotifySocket, send = sendDatagram) {
    const { socket, watchdogMs } = settings;
    const descriptor = settings.descriptor ?? (socket === undefined ? undefined : attempt(() => connect(socket)));
    this.#send = descriptor === undefined ? () => {} : (text) => attempt(() => send(descriptor, text));
    const isWatched = descriptor !== undefined && watchdogMs !== undefined;
    // systemd recommends half the time; a third leaves room for a busy machine.
    this.#everyMs = isWatched ? Math.max(1, Math.floor(watchdogMs / 3)) : Number.POSITIVE_INFINITY;
    this.maxSleepMs = this.#everyMs;
    this.#nextSign = 0;
  }

  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
  }

  stopping(): void {
    this.#send('STOPPING=1');
  }

  /** Called by the drain loop in each round; `now`: of performance.now(). */
  alive(now: number): void {
    if (this.#everyMs === Number.POSITIVE_INFINITY || now < this.#nextSign) return;
    this.#nextSign = now + this.#everyMs;
    this.#send('WATCHDOG=1');
  }
}

/**
 * Ignores errors, as sd_notify(3) recommends: a variable that a parent left behind, or a manager that restarts or does
 * not read, must not stop the capture. A manager that waits for a notification reports its absence itself.
 */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
