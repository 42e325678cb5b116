/** What messages of the server change in the core: the rows that the drain thread passes on, and the log. */
import type { FromServer } from '../ipc/server-messages.ts';
import type { PipeSource } from './launcher.ts';
import type { Reader, SupervisorOptions } from './supervisor-options.ts';

/** Pass on more rows than a client's limit, so that the client's own limit decides. */
const HEADROOM = 1.25;

type OfType<Type extends FromServer['type']> = Extract<FromServer, { type: Type }>;

/** Tells the drain thread what the server's clients need. */
export function changeReader(message: OfType<'rows-wanted' | 'has-clients' | 'low-latency'>, reader: Reader): void {
  switch (message.type) {
    case 'rows-wanted':
      reader.want('server', (message.per_second ?? Number.POSITIVE_INFINITY) * HEADROOM);
      return;
    case 'has-clients':
      reader.setHasClients(message.has_clients);
      return;
    case 'low-latency':
      reader.setLowLatency(message.low_latency);
  }
}

/** Writes a line of the server to the log; the number of lines is limited. */
export function writeLine(
  { level, facts, message }: OfType<'log'>,
  { lines, debug }: Pick<SupervisorOptions, 'lines' | 'debug'>,
): void {
  if (level === 'debug') debug(facts, message);
  else if (level === 'warn') lines.warn(facts, message);
  else lines.failed(Object.assign(new Error(message), { stack: String(facts['err'] ?? message) }), message);
}

/** Creates pipes of which the drain thread uses the core's ends. */
export function pipesOf(reader: Reader): PipeSource {
  return {
    makePipes: async (passTo) => {
      const made = await reader.makePipes(passTo);
      reader.serverStarted(made.core);
      return made;
    },
  };
}
