/** Defines `packetlog segments …`. */
import type { Filter } from '@packetlog/common';
import { type Command, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { CAPTURE_FORMATS, type CaptureFormat, captureFormatOf } from '../../print/capture-format.ts';
import { filterOption } from '../options/filter-option.ts';
import { directoryOption, fromOption, type PastOptions, rangeOf, toOption } from '../options/past-options.ts';
import { countFromOne, fileName } from '../options/values.ts';
import { print } from '../process/print.ts';

interface Given extends PastOptions {
  readonly json?: boolean;
  readonly filter?: Filter;
  readonly format?: CaptureFormat;
  readonly write?: string;
  readonly bookmark?: number;
}

const HELP = `
Reads a directory of recorded packets (docs/segments.md), also a copy, without a running loader. Damaged segments are
named, skipped and counted.

Examples:
  packetlog segments list
  packetlog segments verify --dir /mnt/copy
  packetlog segments cat --from 21:00 --to 21:05 --filter 'deny and tcp port 22'
  packetlog segments export --from -1h -w last-hour.pcapng
  packetlog segments export --bookmark 3 -w attack.pcapng

Exit codes:
  ${EXIT.ok}  everything was read
  ${EXIT.failed}  a segment is damaged (list: only a message), or the output failed
  ${EXIT.usage}  wrong option or value, or no such directory`;

export function addSegmentsCommand(program: Command, done: (code: number) => void): void {
  const segments = program
    .command('segments')
    .description('read recorded packets: list, verify, cat, export')
    .addHelpText('after', HELP);

  subcommand(segments, 'list', 'print each segment: records, time, size')
    .option('--json', 'print JSON, one object per line')
    .action(async (_, command: Command) => {
      const { dir, json = false } = command.opts<Given>();
      const { printList } = await import('./segments-report.ts');
      done(printList(await directoryOf(dir), json, print));
    });

  subcommand(segments, 'verify', 'check every segment; exit code 1 if one is damaged').action(
    async (_, command: Command) => {
      const { printVerification } = await import('./segments-report.ts');
      done(printVerification(await directoryOf(command.opts<Given>().dir), print));
    },
  );

  selecting(subcommand(segments, 'cat', 'print the packets as text')).action(async (_, command: Command) => {
    done(await printed(command.opts<Given>(), 'text'));
  });

  selecting(subcommand(segments, 'export', 'write the packets as NDJSON, CSV or pcapng'))
    .addOption(
      new Option(
        '--format <format>',
        'format (default: chosen by the file name’s extension, otherwise ndjson)',
      ).choices([...CAPTURE_FORMATS]),
    )
    .addOption(
      new Option('--bookmark <id>', 'only packets of this bookmark (packetlog bookmarks list)')
        .argParser(countFromOne)
        .conflicts(['from', 'to']),
    )
    .addOption(
      new Option('-w, --write <file>', 'file to write, or - for standard output').argParser(fileName).default('-'),
    )
    .action(async (_, command: Command) => {
      const given = command.opts<Given>();
      done(await printed(given, given.format ?? captureFormatOf(given.write ?? '') ?? 'ndjson'));
    });
}

function subcommand(segments: Command, name: string, description: string): Command {
  return segments.command(name).description(description).addOption(directoryOption());
}

function selecting(command: Command): Command {
  return command
    .addOption(new Option('-f, --filter <text>', 'only these packets (docs/filter.md)').argParser(filterOption))
    .addOption(fromOption())
    .addOption(toOption());
}

async function printed(
  { dir, filter, bookmark, write = '-', ...times }: Given,
  format: 'text' | CaptureFormat,
): Promise<number> {
  const { printPast } = await import('./print-past.ts');
  const directory = await directoryOf(dir);
  const range = bookmark === undefined ? rangeOf(times) : await rangeOfBookmark(directory, bookmark);
  return printPast({ directory, range, filter, format, write });
}

async function directoryOf(given: string | undefined): Promise<string> {
  const { recordDirectory } = await import('../process/recorded-directory.ts');
  return recordDirectory(given);
}

async function rangeOfBookmark(directory: string, id: number): Promise<TimeRange> {
  const { bookmarkRange } = await import('./bookmark-range.ts');
  return bookmarkRange(directory, id);
}
