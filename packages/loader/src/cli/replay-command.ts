/** Defines `packetlog replay`. */
import type { Filter } from '@packetlog/common';
import { type Command, Option } from 'commander';
import { statePaths } from '../rules/store/state-directory.ts';
import { REPLAY_HELP } from './help-text.ts';
import { filterOption } from './options/filter-option.ts';
import type { PrintFormat } from './options/run-settings.ts';
import { rulesFileOption } from './options/shared-options.ts';
import { interfaceName } from './options/values.ts';

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
    .addHelpText('after', REPLAY_HELP)
    .action(async (file: string, _, command: Command) => {
      const given = command.opts<{ rules?: string; filter?: Filter; print: PrintFormat; iface?: string }>();
      const { replayFile } = await import('./replay-file.ts');
      const { rules, filter, print, iface } = given;
      const state = statePaths(process.env, rules);
      done(await replayFile(file, { state, rulesNamed: rules !== undefined, filter, print, iface }));
    });
}
