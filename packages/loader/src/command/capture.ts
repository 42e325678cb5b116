/** `packetlog capture`: a run whose records go into a file. */
import { createWriteStream, openSync } from 'node:fs';
import { CAPTURE_FORMATS, type CaptureFormat, captureFormatOf } from '../print/capture-format.ts';
import { standardOutput } from '../print/standard-output.ts';
import { SetupError } from '../setup-error.ts';
import { type RecordOutput, run } from './run.ts';
import type { RunOptions } from './run-options.ts';
import { Stop } from './stop.ts';

export interface CaptureOptions {
  /** `-`: standard output. */
  write: string;
  /** Undefined: by the file's name. */
  format: CaptureFormat | undefined;
  /** Undefined: until Ctrl-C. */
  seconds: number | undefined;
}

export async function capture(options: RunOptions, { write, format, seconds }: CaptureOptions): Promise<number> {
  const output: RecordOutput = {
    format: format ?? formatOf(write),
    name: write === '-' ? 'standard output' : write,
    open: () => (write === '-' ? standardOutput() : fileOutput(write)),
  };
  const stop = new Stop();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await run(
      options,
      stop,
      () => {
        if (seconds !== undefined) timer = setTimeout(() => stop.now('time is over'), seconds * 1000);
      },
      output,
    );
  } finally {
    clearTimeout(timer);
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
