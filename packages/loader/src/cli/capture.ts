/**
 * `packetlog capture`: writes records to a file. Uses the running loader if there is one. Otherwise it watches the
 * interfaces itself, without reading or enforcing the rules of this machine.
 */
import { createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../errors/setup-error.ts';
import { CAPTURE_FORMATS, type CaptureFormat, captureFormatOf } from '../print/capture-format.ts';
import { standardOutput } from '../print/standard-output.ts';
import { statePaths } from '../rules/store/state-directory.ts';
import { captureFromLoader, runningLoader } from './capture-from-loader.ts';
import type { RunOptions } from './options/run-settings.ts';
import type { RecordOutput } from './process/record-output.ts';
import { Stop } from './process/stop.ts';
import { run } from './run/run.ts';

export interface CaptureOptions {
  /** `-`: standard output. */
  write: string;
  /** Undefined: chosen by the extension of the file name. */
  format: CaptureFormat | undefined;
  /** Undefined: until Ctrl-C. */
  seconds: number | undefined;
  /** Number of records; undefined: unlimited. */
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
    if (seconds !== undefined) timer = setTimeout(() => stop.now('time limit'), seconds * 1000);
  };
  try {
    const loader = await runningLoader(options);
    if (loader) return await captureFromLoader(loader, options, output, stop, onReady);
    return await withoutRules(options, (changed) => run(changed, stop, onReady, output));
  } finally {
    clearTimeout(timer);
  }
}

/** Calls `capture` with options under which no rules are read, and nothing is pinned or taken over. */
async function withoutRules(options: RunOptions, capture: (options: RunOptions) => Promise<number>): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-capture-'));
  const state = statePaths({ PACKETLOG_STATE_DIR: directory });
  try {
    return await capture({ ...options, state, pin: 'never', takeOver: false });
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
    problem: 'its name has no known extension',
    next: `Use one of ${wanted}, or --format.`,
    exit: 'usage',
  });
}

/** Opens the file before anything is attached, so that a wrong path fails at once. */
function fileOutput(file: string) {
  try {
    return createWriteStream(file, { fd: openSync(file, 'w', 0o600) });
  } catch (cause) {
    throw new SetupError({
      step: 'open for writing',
      target: file,
      next: 'Name a file in a writable directory.',
      exit: 'usage',
      cause,
    });
  }
}
