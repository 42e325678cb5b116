/** `packetlog bookmarks`: lists, adds and removes ranges of recorded packets that are kept. */
import type { Bookmark } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { LocalPastAnswers, LocalPastRequests, LocalPastVerb } from '../../ipc/past-access.ts';
import { plural, utcText } from '../../past/reading/report-text.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../../rules/store/state-directory.ts';
import { recordDirectory } from '../process/recorded-directory.ts';
import { say } from '../process/say.ts';
import { unreachable } from '../process/unreachable.ts';
import { formatted, type QueryFormat } from '../query/result-table.ts';
import { bookmarksTable } from './bookmarks-table.ts';
import { storedBookmarks } from './stored-bookmarks.ts';

type Print = (text: string) => void;

export interface RequestedBookmark {
  /** Without an end: until now. */
  readonly range: TimeRange;
  readonly note: string;
}

const NS_PER_MS = 1_000_000n;
const COMMAND = 'packetlog bookmarks …';

/**
 * Lists the bookmarks of the running loader, or of a directory if it is given or no loader runs. Resolves with the exit
 * code. @throws SetupError, or the error of the file system
 */
export async function listBookmarks(
  paths: StatePaths,
  directory: string | undefined,
  format: QueryFormat,
  print: Print,
): Promise<number> {
  const answer = directory === undefined ? await asked(paths, 'facts', {}) : undefined;
  if (answer?.ok === false) return rejected(answer.error.message);
  const bookmarks = answer?.value.bookmarks ?? storedBookmarks(await recordDirectory(directory, paths));
  if (format === 'table' && bookmarks.length === 0) {
    say('No bookmarks. To keep a range: packetlog bookmarks add --from TIME --to TIME --note TEXT.');
    return EXIT.ok;
  }
  printAll(bookmarks, format, print);
  return EXIT.ok;
}

/** Adds a bookmark to the running loader. Resolves with the exit code. @throws SetupError if none runs */
export async function addBookmark(
  paths: StatePaths,
  { range, note }: RequestedBookmark,
  format: QueryFormat,
  print: Print,
): Promise<number> {
  const { fromNs = 0n, toNs = BigInt(Date.now() + 1) * NS_PER_MS } = range;
  // Whole milliseconds that contain the range.
  const [from_ms, to_ms] = [Number(fromNs / NS_PER_MS), Number((toNs + NS_PER_MS - 1n) / NS_PER_MS)];
  const answer = await required(paths, 'bookmark', { from_ms, to_ms, note });
  if (!answer.ok) return rejected(answer.error.message);
  if (format === 'table') print(`${addedText(answer.value)}\n`);
  else printAll([answer.value], format, print);
  return EXIT.ok;
}

function addedText({ id, from_ms, to_ms, bytes }: Bookmark): string {
  const [from, to] = [from_ms, to_ms].map((ms) => utcText(BigInt(ms) * NS_PER_MS));
  return `Bookmark ${id} keeps ${from} to ${to} UTC: ${plural(bytes, 'byte')} in whole segments.`;
}

/** Ends at the first that is rejected. Resolves with the exit code. @throws SetupError if no loader runs */
export async function removeBookmarks(paths: StatePaths, ids: readonly number[], print: Print): Promise<number> {
  for (const id of ids) {
    const answer = await required(paths, 'unbookmark', { id });
    if (!answer.ok) return rejected(`${answer.error.message} See packetlog bookmarks list.`);
    print(`Bookmark ${id} was removed; its packets are no longer kept.\n`);
  }
  return EXIT.ok;
}

function printAll(bookmarks: readonly Bookmark[], format: QueryFormat, print: Print): void {
  for (const line of formatted(bookmarksTable(bookmarks), format)) print(line);
}

function rejected(message: string): number {
  say(`packetlog: ${message}`, 'error');
  return EXIT.failed;
}

type Answer<Verb extends LocalPastVerb> = LocalPastAnswers[Verb];

async function required<Verb extends LocalPastVerb>(
  paths: StatePaths,
  verb: Verb,
  request: LocalPastRequests[Verb],
): Promise<Answer<Verb>> {
  const answer = await asked(paths, verb, request);
  if (answer !== undefined) return answer;
  throw new SetupError({
    step: 'change bookmarks at',
    target: paths.controlSocket,
    problem: 'packetlog is not running',
    next: 'Start it: systemctl start packetlog, or packetlog run. While it does not run, no recorded packets are deleted.',
    exit: 'failed',
  });
}

/** Resolves with undefined if no loader runs. */
async function asked<Verb extends LocalPastVerb>(
  paths: StatePaths,
  verb: Verb,
  request: LocalPastRequests[Verb],
): Promise<Answer<Verb> | undefined> {
  checkStateDirectory(paths);
  try {
    const answer = await new ControlClient(paths.controlSocket, { user: 'root' }).past(verb, request);
    // An earlier version has no such request.
    const isKnown = answer.ok || (answer.error.code as string) !== 'not_found';
    if (isKnown) return answer;
  } catch (cause) {
    if (cause instanceof NoLoaderError) return undefined;
    throw unreachable(paths.controlSocket, cause, COMMAND);
  }
  throw unreachable(paths.controlSocket, undefined, COMMAND);
}
