/** Defines `packetlog query`. */
import type { Filter, TimeStep } from '@packetlog/common';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { filterOption } from '../options/filter-option.ts';
import { hubUrl, nodeName } from '../options/hub-options.ts';
import { directoryOption, fromOption, type PastOptions, rangeOf, toOption } from '../options/past-options.ts';
import { list } from '../options/shared-options.ts';
import { countFromOne, fileName } from '../options/values.ts';
import type { Question } from './query.ts';
import { QUERY_FORMATS, type QueryFormat } from './result-table.ts';
import { TOP_NAMES, type TopKind, topOption } from './top-names.ts';

interface Given extends PastOptions {
  readonly top?: TopKind;
  readonly geoip?: readonly string[];
  readonly limit?: number;
  readonly by?: TimeStep;
  readonly count?: boolean;
  readonly print: QueryFormat;
  readonly hub?: string;
  readonly tokenFile?: string;
  readonly hubCa?: string;
  readonly nodes?: readonly string[];
}

const DEFAULT_TOP = 10;
const DEFAULT_ROWS = 100;
/** 64 MB of records. */
const MAX_LIMIT = 1_000_000;

const HELP = `
Answers one question about recorded packets (docs/history.md), also while packetlog runs, and in a directory that was
copied elsewhere. Without --count, --by and --top, it prints the newest packets. The filter may be several words
(docs/filter.md). Standard error says the range, the number of packets, and what is missing in the range.

With --top and --by, each step has a row for each of the values that have the most packets in the whole range, and one
for all other values.

Names for --top:
  ${TOP_NAMES.slice(0, 6).join(', ')},
  ${TOP_NAMES.slice(6).join(', ')}

Examples:
  packetlog query --from -1h deny and tcp
  packetlog query --from 21:00 --to 21:05 --count 'src net 192.0.2.0/24'
  packetlog query --from -1d --by hour --print csv
  packetlog query --from -1h --top source-port-pair --limit 20 deny
  packetlog query --from -1d --top source-as --geoip GeoLite2-ASN.mmdb deny
  packetlog query --from -1h --top source --by minute --print csv 'deny and tcp'
  PACKETLOG_TOKEN=… packetlog query --hub https://hub.example --from -1h --top source deny

Exit codes:
  ${EXIT.ok}  every segment in the range was read; the last lines say whether records are missing
  ${EXIT.failed}  a segment is damaged, or the output failed
  ${EXIT.usage}  wrong option, value or filter, or no such directory`;

export function addQueryCommand(program: Command, done: (code: number) => void): void {
  program
    .command('query')
    .argument('[filter...]', 'only these packets (docs/filter.md)')
    .description('count, sum up or print recorded packets of a range of time')
    .addOption(directoryOption())
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(new Option('--count', 'print the number of packets').conflicts(['by', 'top', 'limit']))
    .addOption(
      new Option(
        '--by <step>',
        'print packets, bytes and denied packets by time; with --top, the top values by time',
      ).choices(['second', 'minute', 'hour']),
    )
    .addOption(new Option('--top <name>', 'print the values with the most packets').argParser(topOption))
    .addOption(
      new Option('--geoip <file>', 'MMDB file for --top source-as and source-country; repeat or separate with commas')
        .argParser(list(fileName))
        .env('PACKETLOG_GEOIP'),
    )
    .addOption(
      new Option(
        '--limit <rows>',
        `number of rows to print, or of values with --top (default: ${DEFAULT_TOP} with --top, otherwise ${DEFAULT_ROWS})`,
      ).argParser(limitOption),
    )
    .addOption(
      new Option('--hub <url>', 'ask this hub about the history of the fleet; the token of a person is PACKETLOG_TOKEN')
        .argParser(hubUrl)
        .conflicts('dir'),
    )
    .addOption(new Option('--token-file <file>', 'with --hub: file with the token').argParser(fileName))
    .addOption(
      new Option('--hub-ca <file>', 'with --hub: accept only certificates of these authorities (PEM)').argParser(
        fileName,
      ),
    )
    .addOption(
      new Option('--nodes <names>', 'with --hub: only packets of these nodes, separated with commas').argParser(
        list(nodeName),
      ),
    )
    .addOption(new Option('-p, --print <format>', 'format of the rows').choices([...QUERY_FORMATS]).default('table'))
    .addHelpText('after', HELP)
    .action(async (words: string[], _, command: Command) => {
      const given = command.opts<Given>();
      if (given.by !== undefined && given.limit !== undefined && given.top === undefined) {
        command.error("error: option '--limit <rows>' cannot be used with '--by <step>' without '--top <name>'");
      }
      const filter = filterOf(words, command);
      const range = rangeOf(given);
      if (given.hub !== undefined) {
        done(await askHub(given, given.hub, filter, range));
        return;
      }
      const [{ recordDirectory }, { query }, { WaitingOutput }, { standardOutput }] = await Promise.all([
        import('../process/recorded-directory.ts'),
        import('./query.ts'),
        import('../segments/waiting-output.ts'),
        import('../../print/standard-output.ts'),
      ]);
      const directory = await recordDirectory(given.dir);
      const top = await topOf(given, command);
      const question = questionOf({ ...given, ...(top !== undefined && { top }) });
      done(
        await query({ directory, range, filter, question, format: given.print }, new WaitingOutput(standardOutput())),
      );
    });
}

async function askHub(given: Given, hub: string, filter: Filter | undefined, range: TimeRange): Promise<number> {
  const [{ queryHub }, { WaitingOutput }, { standardOutput }, { personToken }] = await Promise.all([
    import('./query-hub.ts'),
    import('../segments/waiting-output.ts'),
    import('../../print/standard-output.ts'),
    import('./person-token.ts'),
  ]);
  const token = personToken(given.tokenFile, process.env);
  const options = { hub, token, ca: given.hubCa, nodes: given.nodes, range, filter };
  return await queryHub(
    { ...options, question: questionOf(given), format: given.print },
    new WaitingOutput(standardOutput()),
  );
}

function questionOf({ count, by, top, limit }: Given): Question {
  if (count) return { kind: 'count' };
  if (top === undefined) {
    return by === undefined ? { kind: 'rows', limit: limit ?? DEFAULT_ROWS } : { kind: 'by', step: by };
  }
  const values = { top, limit: limit ?? DEFAULT_TOP };
  return by === undefined ? { kind: 'top', ...values } : { kind: 'top-by', ...values, step: by };
}

/** Reads the files that a group needs. Throws SetupError. */
async function topOf({ top, geoip = [] }: Given, command: Command): Promise<TopKind | undefined> {
  if (top?.group !== 'as' && top?.group !== 'country') return top;
  if (geoip.length === 0) command.error(`error: option '--top ${top.name}' needs '--geoip <file>'`);
  const { withPlaces } = await import('./top-places.ts');
  return withPlaces(top, top.group, geoip);
}

function filterOf(words: readonly string[], command: Command): Filter | undefined {
  if (words.length === 0) return undefined;
  try {
    return filterOption(words.join(' '));
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    return command.error(`error: the filter is invalid: ${error.message}`);
  }
}

function limitOption(text: string): number {
  const limit = countFromOne(text);
  if (limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`Write up to ${MAX_LIMIT}; packetlog segments export prints all packets.`);
}
