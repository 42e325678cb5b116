/** Defines `packetlog doctor`: it takes the options of `packetlog run`. */
import type { Command, Option } from 'commander';
import { wantsColour } from '../print/terminal.ts';
import { DOCTOR_HELP } from './help-text.ts';
import type { RunOptions } from './options/run-settings.ts';
import { print } from './process/print.ts';

/** `read`: returns the given options, from the command line, the environment and the configuration file. */
export function addDoctorCommand(
  program: Command,
  options: Option[],
  read: (command: Command, options: Option[]) => RunOptions,
  done: (code: number) => void,
): void {
  const command = program
    .command('doctor')
    .description('check what would make packetlog run fail with the same options, and print the fixes; changes nothing')
    .option('--json', 'print JSON: {"checks": [{"id", "state", "finding", "fix"}]}')
    .addHelpText('after', DOCTOR_HELP);
  for (const option of options) command.addOption(option);
  command.action(async () => {
    const { json = false } = command.opts<{ json?: boolean }>();
    const { doctor } = await import('./doctor.ts');
    done(await doctor(read(command, options), json, print, wantsColour(process.stdout.isTTY === true, process.env)));
  });
}
