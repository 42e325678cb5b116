/** The setting of the kernel that can reserve perf events for root. */
import { readFileSync } from 'node:fs';

const SETTING = '/proc/sys/kernel/perf_event_paranoid';
/** From this level on, a patch of Debian asks for CAP_SYS_ADMIN; the kernel's own highest level is 2. */
const DEBIAN_LEVEL = 3;

export const PERF_ADVICE = 'Set it to 2 (sysctl kernel.perf_event_paranoid=2), or use --transport ring.';

/** Returns why perf events can be opened only with CAP_SYS_ADMIN, as a clause; undefined: CAP_PERFMON is enough. */
export function perfProblem(readSetting = () => readFileSync(SETTING, 'utf8')): string | undefined {
  let level: number;
  try {
    level = Number(readSetting());
  } catch {
    return undefined;
  }
  if (!(level >= DEBIAN_LEVEL)) return undefined;
  return `kernel.perf_event_paranoid is ${level}, with which kernels of Debian open perf events only with CAP_SYS_ADMIN`;
}
