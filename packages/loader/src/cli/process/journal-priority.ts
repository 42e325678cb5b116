/**
 * Priorities for the systemd journal: a line on standard error that begins with `<N>` gets the priority N of syslog(3),
 * so that `journalctl -p warning` selects it. See sd-daemon(3).
 */
import { fstatSync, type Stats } from 'node:fs';

const STDERR = 2;

export const PRIORITY = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const;
export type Priority = keyof typeof PRIORITY;

/**
 * Whether standard error is connected to the journal. JOURNAL_STREAM has its device and inode (systemd.exec(5)); a child
 * inherits the variable, although its standard error may be another.
 */
export function isJournal(
  environment: NodeJS.ProcessEnv,
  stat: () => Pick<Stats, 'dev' | 'ino'> = () => fstatSync(STDERR),
): boolean {
  const [, device, inode] = /^(\d+):(\d+)$/.exec(environment['JOURNAL_STREAM'] ?? '') ?? [];
  if (device === undefined || inode === undefined) return false;
  try {
    const { dev, ino } = stat();
    return dev === Number(device) && ino === Number(inode);
  } catch {
    // Standard error is closed.
    return false;
  }
}

const toJournal = isJournal(process.env);

/** Returns `text` for standard error: for the journal, each line begins with its priority. */
export function forStandardError(text: string, priority: Priority, journal = toJournal): string {
  return journal ? text.replace(/^(?=.)/gm, `<${PRIORITY[priority]}>`) : text;
}
