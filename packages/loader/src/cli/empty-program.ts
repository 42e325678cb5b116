/** The `packetlog` command without its subcommands. */
import { Command } from 'commander';
import { COMMAND_OUTPUT } from './process/command-output.ts';
import { version } from './process/package-version.ts';

export function emptyProgram(): Command {
  return new Command('packetlog')
    .description(
      'Shows every packet that reaches this machine, captured with XDP, on the console and live in a browser.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ helpWidth: Math.min(process.stdout.columns || 100, 120), showGlobalOptions: false })
    .configureOutput(COMMAND_OUTPUT)
    .showHelpAfterError('(packetlog --help lists the options)')
    .exitOverride();
}
