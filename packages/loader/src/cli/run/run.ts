/** `packetlog run`: opens, attaches, serves, waits for the end, and closes in reverse order. */
import { collectGarbage, START_GARBAGE_MS } from '../../collect-garbage.ts';
import { EXIT } from '../../errors/exit-codes.ts';
import { requireKernelFiles } from '../../system/kernel-files.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { makeLogger } from '../process/log.ts';
import type { RecordOutput } from '../process/record-output.ts';
import { say } from '../process/say.ts';
import { Stop } from '../process/stop.ts';
import { stopWhenUncaught } from '../process/uncaught.ts';
import { RunningLoader } from './running-loader.ts';

/**
 * Runs the loader until `stop`. Resolves with the exit code; throws SetupError if it cannot start. Calls `onReady` once
 * it is attached. `output`: receives the records in place of `--print`.
 */
export async function run(
  options: RunOptions,
  stop = new Stop(),
  onReady = () => {},
  output?: RecordOutput,
): Promise<number> {
  const log = makeLogger(options.logLevel);
  const isUncaught = stopWhenUncaught(stop, (error) => log.debug({ err: error }, 'uncaught error'));
  requireKernelFiles();

  const loader = await RunningLoader.open(options, { log, stop, output });
  if (loader === undefined) return isUncaught() ? EXIT.failed : EXIT.ok;
  await loader.attach();
  await loader.serve();
  stop.onReload = () => loader.reload();
  loader.greet();
  onReady();
  setTimeout(collectGarbage, START_GARBAGE_MS).unref();

  const why = await stop.requested;
  log.debug({ why }, 'ending');
  const { ledger, pinned } = await loader.close();

  const { records, staying } = loader;
  const isPinned = pinned !== undefined;
  const readerExited = why === 'output closed' && !records.error;
  if (!readerExited) for (const line of records.report(ledger, isPinned)) say(line);
  if (isPinned) say(staying.farewell(ledger, pinned));
  if (records.error) say(`packetlog: write to ${records.name}: ${records.error.message}.`, 'error');
  return records.error || isUncaught() ? EXIT.failed : EXIT.ok;
}
