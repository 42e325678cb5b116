/** Defines `packetlog forget`. */
import { createInterface } from 'node:readline/promises';
import { type Command, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { directoryOption } from '../options/past-options.ts';
import { network } from '../options/values.ts';
import { print } from '../process/print.ts';

interface Given {
  readonly source: string;
  readonly dir?: string;
  readonly yes?: boolean;
}

const HELP = `
Removes the records from and to an address or network from all segments of a directory. They cannot be restored. The
journal notes how many, and when, without the address. Recording must be stopped: the file that is being written belongs
to the recorder.

Examples:
  systemctl stop packetlog && packetlog forget --source 192.0.2.7; systemctl start packetlog
  packetlog forget --source 2001:db8:7::/48 --dir /mnt/copy --yes

Exit codes:
  ${EXIT.ok}  no record of it is left
  ${EXIT.failed}  a damaged segment could not be searched, a recorder started, or the question was answered with no
  ${EXIT.usage}  wrong option or value, or no such directory
  ${EXIT.busy}  packetlog records in this directory`;

export function addForgetCommand(program: Command, done: (code: number) => void): void {
  program
    .command('forget')
    .description('remove the recorded packets from and to an address or network')
    .addOption(
      new Option('--source <address>', 'address or network; packets to it are removed, too')
        .argParser(network)
        .makeOptionMandatory(),
    )
    .addOption(directoryOption())
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', HELP)
    .action(async (_, command: Command) => {
      const { source, dir, yes = false } = command.opts<Given>();
      const { recordDirectory } = await import('../process/recorded-directory.ts');
      const { runForget } = await import('./run-forget.ts');
      const directory = await recordDirectory(dir);
      const confirm = yes ? async () => true : askInTerminal;
      done(await runForget({ directory, network: source, confirm }, (line) => print(`${line}\n`)));
    });
}

async function askInTerminal(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new SetupError({
      step: 'ask for confirmation on',
      target: 'standard input',
      problem: 'it is not a terminal',
      next: 'Add --yes to remove the records without a question.',
      exit: 'usage',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Remove them? They cannot be restored. [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}
