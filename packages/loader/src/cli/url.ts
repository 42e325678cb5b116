/** `packetlog url`: prints the URLs of the running loader's dashboard again. */
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import { ControlClient, NoLoaderError } from '../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../rules/store/state-directory.ts';
import { unreachable } from './process/unreachable.ts';
import { type Served, servedUrls } from './run/served-urls.ts';

/** Prints the URLs, one per line. Resolves with the exit code; throws SetupError if there is no dashboard to open. */
export async function url(paths: StatePaths, print: (line: string) => void): Promise<number> {
  checkStateDirectory(paths);
  const served = await fetchServed(paths.controlSocket);
  if (served === null) {
    throw unavailable(
      paths.controlSocket,
      'the loader serves no dashboard (--listen off)',
      'Start the loader without that option.',
    );
  }
  for (const line of servedUrls(served)) print(line);
  return EXIT.ok;
}

async function fetchServed(socket: string): Promise<Served | null> {
  try {
    return (await new ControlClient(socket, { user: 'root' }).session()).served;
  } catch (cause) {
    if (cause instanceof NoLoaderError)
      throw unavailable(socket, 'packetlog is not running', 'Start it: packetlog.', cause);
    throw unreachable(socket, cause, 'packetlog url');
  }
}

function unavailable(target: string, problem: string, next: string, cause?: unknown): SetupError {
  return new SetupError({ step: 'get URLs from', target, problem, next, exit: 'failed', cause });
}
