/** Defines `packetlog bans …`. */
import { parseDuration, RuleValueError } from '@packetlog/common';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { statePaths } from '../../rules/store/state-directory.ts';
import { print } from '../process/print.ts';
import { ruleId } from '../rules/rule-options.ts';
import type { RequestedUndo } from './undo-bans.ts';

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;

const HELP = `
A limit with --then ban:1h..24h bans a source that is over it, for all packets (docs/defence.md). Only connections that
the kernel verified count, so no forged source is banned. Each ban of the same source lasts four times as long.

Examples:
  packetlog bans list
  packetlog bans why 203.0.113.7
  packetlog bans undo 17
  packetlog bans undo --last 10m
  packetlog bans undo 203.0.113.7 --never      also adds a permit rule for all packets of that source
  packetlog bans export > banned.txt

Exit codes:
  ${EXIT.ok}  done
  ${EXIT.failed}  packetlog is not running, or it failed; list, why and export also read the files of a loader that ended
  ${EXIT.usage}  wrong option
  ${EXIT.privilege}  not root
  ${EXIT.not_found}  no such ban or decision`;

export function addBansCommand(program: Command, done: (code: number) => void): void {
  const bans = program
    .command('bans')
    .description('sources that limits have banned: list, why, undo, export; as root')
    .addHelpText('after', HELP);

  bans
    .command('list')
    .argument('[source]', 'address or network: bans that concern it (default: all)')
    .description('print the bans in force: source, limit, end, packets denied')
    .addOption(jsonOption())
    .action(async (source: string | undefined, _, command: Command) => {
      const { listBans } = await import('./run-bans.ts');
      done(await listBans(statePaths(process.env), source, isJson(command), print));
    });

  bans
    .command('why')
    .argument('<decision|source>', 'number of a decision, or an address or network')
    .description('print why a source was banned, would be, or was not: what was counted, and what every guard said')
    .addOption(jsonOption())
    .action(async (which: string, _, command: Command) => {
      const { explainBans } = await import('./run-bans.ts');
      done(await explainBans(statePaths(process.env), which, isJson(command), print));
    });

  bans
    .command('undo')
    .argument('[decision|source]', 'number of a decision, or an address or network')
    .description('end bans, of a decision, a source, a limit, or the last minutes')
    .addOption(new Option('--rule <id>', 'all bans by this limit').argParser(ruleId))
    .addOption(new Option('--last <time>', 'bans of the last 10m, 1h, …; at most 24h').argParser(lastMs))
    .option('--never', 'also add a permit rule for all packets of each source, so that it is not banned again')
    .addOption(jsonOption())
    .action(async (which: string | undefined, _, command: Command) => {
      const { rule, last, never = false } = command.opts<{ rule?: number; last?: number; never?: boolean }>();
      const requested: RequestedUndo = { which, rule, last, never };
      const { undoBans } = await import('./undo-bans.ts');
      done(await undoBans(statePaths(process.env), requested, isJson(command), print));
    });

  bans
    .command('export')
    .description('print the banned addresses and networks, for other tools')
    .addOption(
      new Option('--format <format>', 'text: one a line; json: with their ends')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (_, command: Command) => {
      const { exportBans } = await import('./run-bans.ts');
      done(await exportBans(statePaths(process.env), command.opts<{ format: 'text' | 'json' }>().format, print));
    });
}

const jsonOption = () => new Option('--json', 'print JSON, one object per line');
const isJson = (command: Command) => command.opts<{ json?: boolean }>().json ?? false;

function lastMs(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms >= SECOND_MS && ms <= DAY_MS) return ms;
  } catch (error) {
    if (!(error instanceof RuleValueError)) throw error;
  }
  throw new InvalidArgumentError('Write a time up to 24h, such as 10m.');
}
