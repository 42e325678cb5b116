/**
 * The `packetlog` command: parses the command line, runs a subcommand, and turns errors into messages and exit codes.
 */
import { EXIT } from '../errors/exit-codes.ts';
import { HANDOVER_VARIABLE } from '../ipc/helpers/handover-variable.ts';
import { nameProcess } from '../system/thread-name.ts';
import { commandFor } from './command-for.ts';
import { failureOf } from './process/failure.ts';
import { forStandardError } from './process/journal-priority.ts';
import { leave } from './process/leave.ts';
import { watchStandardStreams } from './process/print.ts';
import { printableLines } from './process/terminal-text.ts';

/** Treats empty variables as not set, such as `PACKETLOG_IFACE=` in a unit file. */
function forgetEmptyVariables(): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith('PACKETLOG_') && value === '') delete process.env[name];
  }
}

/** Most processes get none, and need not load its schema. */
async function receiveHandover(): Promise<void> {
  const handover = await import('../ipc/helpers/handover.ts');
  handover.receiveHandover(process.env);
}

async function main(): Promise<number> {
  nameProcess('packetlog');
  forgetEmptyVariables();
  let code: number = EXIT.ok;
  try {
    if (process.env[HANDOVER_VARIABLE] !== undefined) await receiveHandover();
    const command = await commandFor(process.argv.slice(2), (result) => {
      code = result;
    });
    await command.parseAsync(process.argv);
    return code;
  } catch (error) {
    const failure = failureOf(error);
    process.stderr.write(forStandardError(printableLines(failure.text), 'error'));
    return failure.code;
  }
}

watchStandardStreams();
// Not a top-level await: bundles in CommonJS have none.
void main().then(leave);
