/** Options of the commands that read recorded packets: the directory, and a range of time. */
import { Option } from 'commander';
import { SetupError } from '../../errors/setup-error.ts';
import type { TimeRange } from '../../past/reading/time-range.ts';
import { clockTimeAfter, moment } from './moment.ts';
import { fileName } from './values.ts';

/** The values of these options. */
export interface PastOptions {
  readonly from?: bigint;
  readonly to?: EndTime;
  readonly dir?: string;
}

interface EndTime {
  readonly text: string;
  readonly ns: bigint;
}

/** Returns whether the options ask for recorded packets, not for live ones. */
export function isPast({ from, to, dir }: PastOptions): boolean {
  return from !== undefined || to !== undefined || dir !== undefined;
}

export function directoryOption(): Option {
  return new Option(
    '--dir <dir>',
    'directory of the segments (default: that of the running packetlog, otherwise record in PACKETLOG_STATE_DIR)',
  ).argParser(fileName);
}

export function fromOption(description = 'only packets from this time on'): Option {
  return new Option('--from <time>', description).argParser(timeOption);
}

export function toOption(description = 'only packets before this time'): Option {
  return new Option('--to <time>', description).argParser((text): EndTime => ({ text, ns: moment(text) }));
}

/**
 * Returns the range of the options. A time of day ends it at the next such time after its begin: `--from 22:00 --to
 * 06:00` is a night, also at 23:00.
 * @throws SetupError if it is empty
 */
export function rangeOf({ from, to }: PastOptions): TimeRange {
  if (from === undefined || to === undefined || from < to.ns) return { fromNs: from, toNs: to?.ns };
  const toNs = clockTimeAfter(to.text, from);
  if (toNs !== undefined) return { fromNs: from, toNs };
  throw new SetupError({
    step: 'use',
    target: '--to',
    problem: 'the range is empty: it is not after --from',
    next: 'Give a later time, or leave --to out for everything since --from.',
    exit: 'usage',
  });
}

/** commander passes the previous value, too. */
function timeOption(text: string): bigint {
  return moment(text);
}
