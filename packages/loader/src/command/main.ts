/** The `packetlog` command: reads the command line, runs a subcommand, turns errors into words and exit codes. */
import { CommanderError } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { SetupError } from '../setup-error.ts';
import { packetlogCommand } from './command-line.ts';
import { leave } from './leave.ts';

/** `PACKETLOG_IFACE=` is how a unit file or a shell says "not set". */
function forgetEmptyVariables(): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith('PACKETLOG_') && value === '') delete process.env[name];
  }
}

async function main(): Promise<number> {
  forgetEmptyVariables();
  let code: number = EXIT.ok;
  const command = packetlogCommand((result) => {
    code = result;
  });
  try {
    await command.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof SetupError) {
      process.stderr.write(`packetlog: ${error.message}\n`);
      if (error.facts.detail) process.stderr.write(`${error.facts.detail}\n`);
      return error.exitCode;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`packetlog: unexpected: ${stack}\nPlease report this.\n`);
    return EXIT.failed;
  }
}

// Whoever read it may have ended: then nobody hears the words, which is no reason to end the work.
process.stderr.on('error', () => {});
await leave(await main());
