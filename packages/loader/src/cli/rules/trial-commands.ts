/** `packetlog rules dry-run` and `learn`: what rules would deny, and rules that recorded packets suggest. */
import { type Command, Option } from 'commander';
import { directoryOption, fromOption, isPast, type PastOptions, toOption } from '../options/past-options.ts';
import { list } from '../options/shared-options.ts';
import { network, seconds } from '../options/values.ts';
import type { Handler } from './handlers.ts';
import { requestedDryRun } from './requested-dry-run.ts';
import { dryRunText } from './rules-text.ts';

/** Adds a subcommand with the options of every subcommand. */
type AddSubcommand = (nameAndArguments: string, description: string, handler: Handler) => Command;

const DRY_RUN_HELP = `
With --from, --to or --dir, nothing live is needed: the rules are evaluated over the packets that the recorder kept
(docs/history.md), also in a copied directory. Prints what they would have denied that was not denied then, and which of
the sources look known-good. Ctrl-C ends with what was found so far.

Examples:
  packetlog rules dry-run drop.txt --against 60
  packetlog rules dry-run drop.txt --from -8h
  packetlog rules dry-run --add 'deny 203.0.113.0/24 --port 22' --from -1d
  echo 203.0.113.0/24 | packetlog rules dry-run - --from 22:00 --to 06:00
  packetlog rules dry-run new.json --from 2026-05-01 --dir /mnt/copy --json

Exit codes with recorded packets: 0 all were evaluated; 1 interrupted, or a segment is damaged; 2 wrong file or option.`;

const LEARN_FORMATS = ['text', 'json', 'commands', 'sources'] as const;
const LEARN_HELP = `
The sources are those of --source, or of every recorded packet that matches the filter (docs/filter.md). Prints the kinds of
traffic (protocol and destination port or ICMP type) that only they sent, rules that deny exactly these, and the dry run of
the rules over the same packets. Changes nothing: copy the commands that you want.

Examples:
  packetlog rules learn --from -1h --source 203.0.113.7
  packetlog rules learn --from 22:00 --to 06:00 'tcp dst port 23'
  packetlog rules learn --from -1d --source 203.0.113.0/24 --print commands
  packetlog rules learn --from -1d 'tcp dst port 23' --print sources | packetlog rules import - --set learned --once

Exit codes: 0 all packets of the range were read; 1 interrupted, or a segment is damaged; 2 wrong filter or option.`;

export function addDryRun(subcommand: AddSubcommand): void {
  subcommand(
    'dry-run [file]',
    'count the packets that the rules in a file, or a list of networks, would deny, live or in the past',
    async (connection, printer, options, args) => {
      if (isPast(options as PastOptions))
        return (await import('./dry-run-past.ts')).dryRunPast(connection, printer, options, args);
      const request = await requestedDryRun(args, options, options['against'] ?? 10);
      return printer.answer(await connection.ask('test', request), dryRunText);
    },
  )
    .alias('test')
    .addOption(
      new Option('--against <seconds>', 'seconds of live traffic to test against')
        .argParser(seconds)
        .default(10)
        .conflicts(['from', 'to', 'dir']),
    )
    .option('--add <rule>', 'in place of a file, a rule in addition to those in force: arguments of rules add')
    .addOption(fromOption('evaluate recorded packets from this time on, not live ones'))
    .addOption(toOption('evaluate recorded packets before this time'))
    .addOption(directoryOption())
    .addHelpText('after', DRY_RUN_HELP);
}

export function addLearn(subcommand: AddSubcommand): void {
  subcommand(
    'learn [filter...]',
    'propose rules that deny what only these sources sent in the past, and show their dry run',
    async (...given) => (await import('./learn-rules.ts')).learnRules(...given),
  )
    .addOption(
      new Option('--source <network>', 'address or network of the sources; repeat or separate with commas').argParser(
        list(network),
      ),
    )
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(directoryOption())
    .addOption(
      new Option('-p, --print <what>', 'everything as text or JSON, the rules as commands, or the sources')
        .choices([...LEARN_FORMATS])
        .default('text'),
    )
    .addHelpText('after', LEARN_HELP);
}
