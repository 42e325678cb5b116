/** `packetlog replay`: runs the frames of a capture file through the XDP program and the rules, and attaches nothing. */
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { Filter } from '@packetlog/common';
import { captureBytes, openCapture } from '../capture-file/capture-bytes.ts';
import { CaptureReader } from '../capture-file/capture-reader.ts';
import { CaptureFileError } from '../capture-file/captured-frame.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { RequestedTransport } from '../ipc/settings.ts';
import { Replay } from '../replay/replay.ts';
import { ReplayProgram } from '../replay/replay-program.ts';
import { ReplayRules } from '../replay/replay-rules.ts';
import type { StatePaths } from '../rules/store/state-directory.ts';
import { requireKernelFiles } from '../system/kernel-files.ts';
import type { PrintFormat } from './options/run-settings.ts';
import { say } from './process/say.ts';
import { Stop } from './process/stop.ts';
import { ReplayOutput } from './replay-output.ts';
import { replayJson, replayText, replayWarnings } from './replay-report.ts';

export interface ReplayCommandOptions {
  readonly state: StatePaths;
  /** The rules file was named, so it must exist. */
  readonly rulesNamed: boolean;
  readonly filter: Filter | undefined;
  readonly print: PrintFormat;
  /** Name for the interface of all frames. */
  readonly iface: string | undefined;
  readonly transport: RequestedTransport;
  readonly oneBuffer: boolean;
}

/** Replays `file`; `-`: standard input. Resolves with the exit code; throws SetupError. */
export async function replayFile(file: string, options: ReplayCommandOptions): Promise<number> {
  const source = openCapture(file);
  requireKernelFiles();
  const rules = await ReplayRules.read(options.state, options.rulesNamed);
  try {
    return await replayWith(rules, source, file === '-' ? 'standard input' : file, options);
  } finally {
    source.destroy();
    await rules.close();
  }
}

async function replayWith(
  rules: ReplayRules,
  source: Readable,
  file: string,
  { filter, print, iface, transport, oneBuffer }: ReplayCommandOptions,
): Promise<number> {
  const stop = new Stop();
  const program = new ReplayProgram(transport, oneBuffer);
  const output = new ReplayOutput(print, filter, stop);
  const run = new Replay({
    program,
    rules,
    defaultName: basename(file),
    name: iface,
    deliver: (batch) => output.add(batch),
  });
  await run.begin();
  const problem = await readAll(run, source, output, stop);

  const interfaces = [...run.slots].map(([name, slot]) => ({ name, counters: program.ledger(slot) }));
  const ledger = { interfaces, ring: { pending: 0 }, queue: { dropped: 0, pending: 0 } };
  const findings = () => ({ ledger, console: output.counts, frames: run.counts, hits: run.hits });
  await output.finish(print === 'json' ? () => replayJson(findings()) : undefined);
  const { rules: all } = rules.ruleset;
  for (const line of replayWarnings(run, all, filter, output.names, rules.limits)) say(line, 'warning');
  for (const line of replayText(findings(), file, all)) say(line);
  if (problem !== undefined) throw unreadable(file, problem, run.counts.frames);
  if (output.error) say(`packetlog: write to standard output: ${output.error.message}.`, 'error');
  const nothing = run.counts.replayed === 0 && run.counts.link_type > 0;
  return output.error || nothing ? EXIT.failed : EXIT.ok;
}

/** Replays the file until its end or `stop`. Resolves with what is wrong with the file, or undefined. */
async function readAll(run: Replay, source: Readable, output: ReplayOutput, stop: Stop): Promise<Error | undefined> {
  const reader = new CaptureReader();
  let isStopped = false;
  void stop.requested.then(() => {
    isStopped = true;
    // A pipe may be silent.
    source.destroy();
  });
  try {
    for await (const bytes of captureBytes(source)) {
      reader.add(bytes);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (!run.knows(frame.interface)) {
          await run.learn(frame.interface);
          output.learn(run.slots);
        }
        run.add(frame);
      }
      run.flush();
      await output.room();
      if (isStopped) return undefined;
    }
    reader.end();
    return undefined;
  } catch (error) {
    if (isStopped) return undefined;
    run.flush();
    if (error instanceof CaptureFileError) return error;
    throw error;
  }
}

function unreadable(file: string, cause: Error, frames: number): SetupError {
  return new SetupError({
    step: 'read',
    target: file,
    problem: cause.message,
    ...(frames > 0
      ? {
          next: `${frames === 1 ? 'The frame' : `The ${frames} frames`} before that ${frames === 1 ? 'was' : 'were'} replayed.`,
        }
      : {}),
    exit: 'failed',
    cause,
  });
}
