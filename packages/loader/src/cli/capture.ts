/**
 * `packetlog capture`: records into a file. Where a loader runs, they are its own; else this is a run of its own, which
 * only looks: the rules of this machine are neither read nor put in force.
 */
import { createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../errors/setup-error.ts';
import { CAPTURE_FORMATS, type CaptureFormat, captureFormatOf } from '../print/capture-format.ts';
import { standardOutput } from '../print/standard-output.ts';
import { statePaths } from '../rules/store/state-directory.ts';
import { captureFromLoader, runningLoader } from './capture-from-loader.ts';
import type { RunOptions } from './options/run-options.ts';
import type { RecordOutput } from './process/record-output.ts';
import { Stop } from './process/stop.ts';
import { run } from './run/run.ts';

export interface CaptureOptions {
  /** `-`: standard output. */
  write: string;
  /** Undefined: by the file's name. */
  format: CaptureFormat | undefined;
  /** Undefined: until Ctrl-C. */
  seconds: number | undefined;
  /** Records; undefined: without end. */
  count: number | undefined;
}

export async function capture(options: RunOptions, { write, format, seconds, count }: CaptureOptions): Promise<number> {
  const output: RecordOutput = {
    format: format ?? formatOf(write),
    name: write === '-' ? 'standard output' : write,
    count,
    open: () => (write === '-' ? standardOutput() : fileOutput(write)),
  };
  const stop = new Stop();
  let timer: NodeJS.Timeout | undefined;
  const onReady = () => {
    if (seconds !== undefined) timer = setTimeout(() => stop.now('time is over'), seconds * 1000);
  };
  try {
    const loader = await runningLoader(options);
    if (loader) return await captureFromLoader(loader, options, output, stop, onReady);
    return await lookOnly(options, (looking) => run(looking, stop, onReady, output));
  } finally {
    clearTimeout(timer);
  }
}

/** With no rules, and nothing that stays or is taken over. */
async function lookOnly(options: RunOptions, look: (options: RunOptions) => Promise<number>): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-capture-'));
  const state = statePaths({ PACKETLOG_STATE_DIR: directory });
  try {
    return await look({ ...options, state, pin: 'never', takeOver: false });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function formatOf(file: string): CaptureFormat {
  const format = captureFormatOf(file);
  if (format !== undefined) return format;
  const wanted = CAPTURE_FORMATS.map((name) => `.${name}`).join(', ');
  throw new SetupError({
    step: 'choose a format for',
    target: file,
    problem: 'its name does not say which',
    next: `End it with ${wanted}, or say --format.`,
    exit: 'usage',
  });
}

/** Opened before anything is attached: a wrong path is told at once. */
function fileOutput(file: string) {
  try {
    return createWriteStream(file, { fd: openSync(file, 'w', 0o600) });
  } catch (cause) {
    throw new SetupError({
      step: 'open for writing',
      target: file,
      next: 'Name a file in a directory that exists and may be written to.',
      exit: 'usage',
      cause,
    });
  }
}
