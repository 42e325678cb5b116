/** The settings of the service manager that started this process, from the environment. */

export interface ServiceManagerSettings {
  /** NOTIFY_SOCKET; undefined without a service manager. */
  socket: string | undefined;
  /** A socket that is connected to it already. */
  descriptor?: number | undefined;
  /**
   * Milliseconds after which the manager kills a service that has sent no watchdog notification; undefined: no
   * watchdog.
   */
  watchdogMs: number | undefined;
}

/** Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)). */
export function serviceManagerSettings(
  environment: NodeJS.ProcessEnv,
  pid: number,
  descriptor?: number,
): ServiceManagerSettings {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: forPid } = environment;
  const isForUs = forPid === undefined || Number(forPid) === pid;
  const ms = Number(usec ?? 0) / 1000;
  return { socket: socket || undefined, descriptor, watchdogMs: isForUs && ms > 0 ? ms : undefined };
}
