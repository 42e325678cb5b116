/** Defines `packetlog replay`. */
import type { Filter } from '@packetlog/common';
import { type Command, Option } from 'commander';
import type { RequestedTransport } from '../ipc/settings.ts';
import { statePaths } from '../rules/store/state-directory.ts';
import { REPLAY_HELP } from './help-text.ts';
import { filterOption } from './options/filter-option.ts';
import type { PrintFormat } from './options/run-settings.ts';
import { rulesFileOption } from './options/shared-options.ts';
import { interfaceName } from './options/values.ts';

interface Given {
  readonly rules?: string;
  readonly filter?: Filter;
  readonly print: PrintFormat;
  readonly iface?: string;
  readonly transport: RequestedTransport;
  readonly oneBuffer?: boolean;
}

export function addReplayCommand(program: Command, done: (code: number) => void): void {
  program
    .command('replay')
    .argument('<file>', 'pcap or pcapng file, may be compressed with gzip; or - for standard input')
    .description('show what the program and the rules would have done with a captured file; attaches nothing')
    .addOption(rulesFileOption())
    .addOption(
      new Option('-f, --filter <text>', 'print only these packets (docs/filter.md)')
        .argParser(filterOption)
        .env('PACKETLOG_FILTER'),
    )
    .addOption(
      new Option('-p, --print <format>', 'what to print for each packet on standard output')
        .choices(['text', 'json', 'none'])
        .default('text')
        .env('PACKETLOG_PRINT'),
    )
    .addOption(
      new Option(
        '-i, --iface <name>',
        'interface for rules and filters (default: as the file names it, otherwise the name of the file)',
      ).argParser(interfaceName),
    )
    // Hidden: all programs give the same records, which a test checks with these.
    .addOption(
      new Option('--transport <kind>', 'the program to run')
        .choices(['auto', 'array', 'ring', 'perf'])
        .default('auto')
        .hideHelp(),
    )
    .addOption(new Option('--one-buffer', 'run the program for frames in one buffer').hideHelp())
    .addHelpText('after', REPLAY_HELP)
    .action(async (file: string, _, command: Command) => {
      const { rules, filter, print, iface, transport, oneBuffer = false } = command.opts<Given>();
      const { replayFile } = await import('./replay-file.ts');
      const state = statePaths(process.env, rules);
      const rulesNamed = rules !== undefined;
      done(await replayFile(file, { state, rulesNamed, filter, print, iface, transport, oneBuffer }));
    });
}
