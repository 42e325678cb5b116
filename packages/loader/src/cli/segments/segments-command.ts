/** Defines `packetlog segments …`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Filter } from '@packetlog/common';
import { type Command, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { CAPTURE_FORMATS, type CaptureFormat, captureFormatOf } from '../../print/capture-format.ts';
import { statePaths } from '../../rules/store/state-directory.ts';
import { filterOption } from '../options/filter-option.ts';
import { moment } from '../options/moment.ts';
import { fileName } from '../options/values.ts';
import { print } from '../process/print.ts';

interface Given {
  readonly dir?: string;
  readonly json?: boolean;
  readonly filter?: Filter;
  readonly from?: bigint;
  readonly to?: bigint;
  readonly format?: CaptureFormat;
  readonly write?: string;
}

const HELP = `
Reads a directory of recorded packets (docs/segments.md), also a copy, without a running loader. Damaged segments are
named, skipped and counted.

Examples:
  packetlog segments list
  packetlog segments verify --dir /mnt/copy
  packetlog segments cat --from 21:00 --to 21:05 --filter 'deny and tcp port 22'
  packetlog segments export --from -1h -w last-hour.pcapng

Exit codes:
  ${EXIT.ok}  everything was read
  ${EXIT.failed}  a segment is damaged (list: only a message), or the output failed
  ${EXIT.usage}  wrong option or value, or no such directory`;

/** Directory in the state directory. */
const RECORD = 'record';

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
      done(printList(existing(dir), json, print));
    });

  subcommand(segments, 'verify', 'check every segment; exit code 1 if one is damaged').action(
    async (_, command: Command) => {
      const { printVerification } = await import('./segments-report.ts');
      done(printVerification(existing(command.opts<Given>().dir), print));
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
      new Option('-w, --write <file>', 'file to write, or - for standard output').argParser(fileName).default('-'),
    )
    .action(async (_, command: Command) => {
      const given = command.opts<Given>();
      done(await printed(given, given.format ?? captureFormatOf(given.write ?? '') ?? 'ndjson'));
    });
}

function subcommand(segments: Command, name: string, description: string): Command {
  return segments
    .command(name)
    .description(description)
    .addOption(
      new Option('--dir <dir>', 'directory of the segments (default: record in PACKETLOG_STATE_DIR)').argParser(
        fileName,
      ),
    );
}

function selecting(command: Command): Command {
  return command
    .addOption(new Option('-f, --filter <text>', 'only these packets (docs/filter.md)').argParser(filterOption))
    .addOption(new Option('--from <time>', 'only packets from this time on').argParser(timeOption))
    .addOption(new Option('--to <time>', 'only packets before this time').argParser(timeOption));
}

/** commander passes the previous value, too. */
function timeOption(text: string): bigint {
  return moment(text);
}

async function printed({ dir, from, to, filter, write = '-' }: Given, format: 'text' | CaptureFormat): Promise<number> {
  const { printPast } = await import('./print-past.ts');
  return printPast({ directory: existing(dir), range: { fromNs: from, toNs: to }, filter, format, write });
}

function existing(dir: string | undefined): string {
  const directory = dir ?? join(statePaths(process.env).directory, RECORD);
  if (existsSync(directory)) return directory;
  throw new SetupError({
    step: 'read segments in',
    target: directory,
    problem: 'there is no such directory, or this user may not see it',
    next: 'Name the directory with --dir, or run as root.',
    exit: 'usage',
  });
}
