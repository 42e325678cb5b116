/** Defines `packetlog bookmarks …`. */
import { MAX_BOOKMARK_NOTE } from '@packetlog/common';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { statePaths } from '../../rules/store/state-directory.ts';
import { fromOption, type PastOptions, rangeOf, toOption } from '../options/past-options.ts';
import { countFromOne, fileName } from '../options/values.ts';
import { print } from '../process/print.ts';
import { QUERY_FORMATS, type QueryFormat } from '../query/result-table.ts';

interface Given extends PastOptions {
  readonly note?: string;
  readonly print: QueryFormat;
}

const HELP = `
A bookmark is a range of recorded packets with a note. Its packets are kept, whatever their age and however
little room there is, until the bookmark is removed (docs/history.md). The commands ask the running packetlog. When none runs, list reads the
directory; bookmarks cannot be added or removed then, and nothing is deleted either.

Examples:
  packetlog bookmarks add --from 21:03 --to 21:10 --note "the attack"
  packetlog bookmarks list
  packetlog bookmarks list --print json | jq '.id'
  packetlog segments export --bookmark 3 -w attack.pcapng
  packetlog bookmarks remove 3

Exit codes:
  ${EXIT.ok}  done
  ${EXIT.failed}  packetlog is not running, or it rejected the change: a message says why
  ${EXIT.usage}  wrong option or value, or no such directory
  ${EXIT.privilege}  not root`;

export function addBookmarksCommand(program: Command, done: (code: number) => void): void {
  const bookmarks = program
    .command('bookmarks')
    .description('keep ranges of recorded packets: list, add, remove')
    .addHelpText('after', HELP);

  bookmarks
    .command('list')
    .description('print the bookmarks and how many bytes each keeps')
    .addOption(
      new Option('--dir <dir>', 'directory of the segments (default: that of the running packetlog)').argParser(
        fileName,
      ),
    )
    .addOption(printOption())
    .action(async (_, command: Command) => {
      const { dir, print: format } = command.opts<Given>();
      const { listBookmarks } = await import('./run-bookmarks.ts');
      done(await listBookmarks(statePaths(process.env), dir, format, print));
    });

  bookmarks
    .command('add')
    .description('keep the packets of a range')
    .addOption(fromOption('start of the range').makeOptionMandatory())
    .addOption(toOption('end of the range (default: now)'))
    .addOption(new Option('--note <text>', 'a note of one line').argParser(noteOption))
    .addOption(printOption())
    .action(async (_, command: Command) => {
      const { note = '', print: format, ...times } = command.opts<Given>();
      const { addBookmark } = await import('./run-bookmarks.ts');
      done(await addBookmark(statePaths(process.env), { range: rangeOf(times), note }, format, print));
    });

  bookmarks
    .command('remove')
    .argument('<id...>', 'numbers of bookmarks', (text: string, ids: readonly number[] = []) => [
      ...ids,
      countFromOne(text),
    ])
    .description('remove bookmarks; their packets are then deleted like all others')
    .action(async (ids: readonly number[]) => {
      const { removeBookmarks } = await import('./run-bookmarks.ts');
      done(await removeBookmarks(statePaths(process.env), ids, print));
    });
}

function printOption(): Option {
  return new Option('-p, --print <format>', 'format').choices([...QUERY_FORMATS]).default('table');
}

function noteOption(text: string): string {
  if (text.length <= MAX_BOOKMARK_NOTE && /^\P{C}*$/u.test(text)) return text;
  throw new InvalidArgumentError(`Write one line of up to ${MAX_BOOKMARK_NOTE} characters.`);
}
