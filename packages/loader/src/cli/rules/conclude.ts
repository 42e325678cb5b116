/** Ends a command: releases the lock on the rules, then prints, whatever failed before. */

import type { Outcome } from '../process/exit-code-of.ts';
import type { Connection } from './connection.ts';
import type { Printer } from './printer.ts';

/**
 * Runs `work`, closes the connection, then prints: a command that waits for a slow reader must not hold the lock on the
 * rules. Throws the first error after all steps.
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
