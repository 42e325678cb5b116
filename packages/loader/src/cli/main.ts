/**
 * The `packetlog` command: parses the command line, runs a subcommand, and turns errors into messages and exit codes.
 */
import { EXIT } from '../errors/exit-codes.ts';
import { receiveHandover } from '../ipc/helpers/handover.ts';
import { nameProcess } from '../system/thread-name.ts';
import { packetlogCommand } from './command-line.ts';
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

async function main(): Promise<number> {
  nameProcess('packetlog');
  forgetEmptyVariables();
  receiveHandover(process.env);
  let code: number = EXIT.ok;
  const command = packetlogCommand((result) => {
    code = result;
  });
  try {
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
