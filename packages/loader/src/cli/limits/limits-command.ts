/** Defines `packetlog limits …`. */
import { MAX_BUCKETS_AT_ONCE } from '@packetlog/common';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { statePaths } from '../../rules/store/state-directory.ts';
import { directoryOption, fromOption, type PastOptions, toOption } from '../options/past-options.ts';
import { print } from '../process/print.ts';
import { ruleId } from '../rules/rule-options.ts';

const HELP = `
A limit follows what has used half of its burst lately: sources, ports or all packets, as the limit says (docs/rules.md).
LEVEL is the share of the burst that is used; what is over is denied or, by an observing limit, permitted and marked.

Examples:
  packetlog limits top
  packetlog limits top 3 -n 100 --json | jq '.limits[0].top[].bucket'

Exit codes:
  ${EXIT.ok}  printed
  ${EXIT.failed}  packetlog is not running, or the levels cannot be read
  ${EXIT.usage}  wrong option, or no such limit
  ${EXIT.privilege}  not root`;

const PROPOSE_HELP = `
Prints a limit for each of the ten most used TCP ports (connections per minute of a source) and UDP ports below 32768 (packets
per second), what it would have denied in the same range, and the command that adds it. It changes nothing, and an added limit
observes.

Exit codes: 0 all packets of the range were read; 1 interrupted, or a segment is damaged; 2 wrong option.`;

export function addLimitsCommand(program: Command, done: (code: number) => void): void {
  const limits = program
    .command('limits')
    .description('what limits follow, and limits for what was recorded: top, propose; as root');

  limits
    .command('top')
    .argument('[rule]', 'id of a limit (default: all)', ruleId)
    .description('print the fullest buckets of each limit: level, and whether they are over or blocked')
    .addOption(
      new Option('-n, --number <buckets>', 'buckets of each limit, at most 100').argParser(bucketCount).default(20),
    )
    .option('--watch', 'print again each second')
    .addOption(new Option('--json', 'print JSON, one object per line'))
    .addHelpText('after', HELP)
    .action(async (rule: number | undefined, _, command: Command) => {
      const { number, watch = false, json = false } = command.opts<{ number: number; watch?: true; json?: true }>();
      const { topOfLimits } = await import('./top-of-limits.ts');
      const request = { count: number, ...(rule !== undefined && { rule }) };
      const isTerminal = process.stdout.isTTY === true;
      done(await topOfLimits(statePaths(process.env), request, { json, watch, isTerminal }, print));
    });

  limits
    .command('propose')
    .description('propose limits of the services in recorded packets: twice what sources usually ask of them')
    .addOption(fromOption('packets from this time on (default: a day before --to)'))
    .addOption(toOption())
    .addOption(directoryOption())
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', PROPOSE_HELP)
    .action(async (_, command: Command) => {
      const { json = false, ...past } = command.opts<PastOptions & { json?: true }>();
      const { proposeLimits } = await import('./propose-limits.ts');
      done(await proposeLimits(past, json, print));
    });
}

function bucketCount(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_BUCKETS_AT_ONCE) return number;
  throw new InvalidArgumentError(`Write a number from 1 to ${MAX_BUCKETS_AT_ONCE}.`);
}
