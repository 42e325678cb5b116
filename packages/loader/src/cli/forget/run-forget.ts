/** Runs `packetlog forget`: checks that nothing records, searches, asks, removes, and reports. */
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { plural } from '../../past/reading/report-text.ts';
import { say } from '../process/say.ts';
import { actAsOwner } from './act-as-owner.ts';
import { Forgetting, type Found } from './forget.ts';
import { RecorderWatch } from './recorder-watch.ts';

export interface ForgetOptions {
  readonly directory: string;
  /** An address or a network. */
  readonly network: string;
  readonly confirm: () => Promise<boolean>;
  /** How long to look for a recorder, ms. */
  readonly watchMs?: number;
}

/** Three times the longest time between two writes of a recorder. */
const WATCH_MS = 3000;

/** Resolves with the exit code. @throws SetupError if a recorder writes to the directory. */
export async function runForget(options: ForgetOptions, print: (line: string) => void): Promise<number> {
  const { directory, network, confirm, watchMs = WATCH_MS } = options;
  actAsOwner(directory);
  const watch = new RecorderWatch(directory);
  if (await watch.seen(watchMs)) throw recording(directory);
  const forgetting = new Forgetting(directory, network);
  const found = forgetting.find();
  if (found.records === 0) {
    print(`No record in ${directory} is from or to ${network}.`);
    return reportDamage(forgetting);
  }
  say(`${inFiles(found)} of ${directory} are from or to ${network}.`);
  if (!(await confirm())) {
    say('Nothing was removed.');
    return EXIT.failed;
  }
  if (watch.isWriting()) throw recording(directory);
  const removed = forgetting.remove(found.files, watch);
  print(`Removed ${inFiles(removed)} of ${directory}.`);
  const damage = reportDamage(forgetting);
  if (removed.files.length === found.files.length || !watch.isWriting()) return damage;
  say(
    `packetlog: ${recording(directory).message} ${plural(found.records - removed.records, 'record')} remain.`,
    'error',
  );
  return EXIT.failed;
}

function inFiles({ records, files }: Found): string {
  return `${plural(records, 'record')} in ${plural(files.length, 'file')}`;
}

function reportDamage({ corrupt }: Forgetting): number {
  for (const { message } of corrupt) say(`packetlog: ${message}`, 'error');
  if (corrupt.length === 0) return EXIT.ok;
  const segments = plural(corrupt.length, 'damaged segment');
  say(`${segments} could not be searched and may contain the address. Delete what must not stay.`, 'error');
  return EXIT.failed;
}

function recording(directory: string): SetupError {
  return new SetupError({
    step: 'remove records from',
    target: directory,
    problem: 'packetlog records in this directory',
    next: 'Stop it (systemctl stop packetlog), run this command again, then start it.',
    exit: 'busy',
  });
}
