/** The end of a command: it releases the rules, then prints, whatever failed before. */
import type { Connection } from './connection.ts';
import type { Outcome, Printer } from './printer.ts';

/**
 * Runs `work`, closes the connection, then prints: a reader that does not read must not keep a loader from the rules.
 * Throws the first error, after the other steps.
 */
export async function concluded(
  work: () => Promise<Outcome>,
  connection: Pick<Connection, 'close'>,
  printer: Pick<Printer, 'flush'>,
): Promise<Outcome> {
  try {
    return await closedAfter(work, connection);
  } finally {
    printer.flush();
  }
}

/** Throws the error of `close` only if `work` succeeded. */
async function closedAfter(work: () => Promise<Outcome>, connection: Pick<Connection, 'close'>): Promise<Outcome> {
  const [worked] = await Promise.allSettled([work()]);
  const [closed] = await Promise.allSettled([connection.close()]);
  if (worked.status === 'rejected') throw worked.reason;
  if (closed.status === 'rejected') throw closed.reason;
  return worked.value;
}
