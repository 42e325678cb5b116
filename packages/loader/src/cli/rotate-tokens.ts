/** `packetlog token rotate`: replaces the tokens of the dashboard. */
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import { ControlClient, NoLoaderError } from '../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../rules/store/state-directory.ts';
import { forgetTokens } from './run/token-file.ts';

/** Replaces the tokens, also in a running loader. Resolves with the exit code; throws SetupError or the file system's error. */
export async function rotateTokens(paths: StatePaths, print: (line: string) => void): Promise<number> {
  checkStateDirectory(paths);
  const answer = await new ControlClient(paths.controlSocket, { user: 'root' })
    .rotateTokens()
    .catch((error: unknown) => {
      return error instanceof NoLoaderError ? 'none' : 'earlier version';
    });
  if (typeof answer === 'object' && answer.problem !== undefined) {
    throw new SetupError({
      step: 'replace',
      target: 'tokens',
      problem: 'they are set by the environment',
      next: answer.problem,
      exit: 'failed',
    });
  }
  if (typeof answer === 'object' && answer.was_done) {
    print('The tokens were replaced, and clients with the earlier ones disconnected. See the new ones: packetlog url.');
    return EXIT.ok;
  }
  forgetTokens(paths.directory);
  print(
    answer === 'earlier version'
      ? 'The next start creates new tokens. Until then, the old ones stay valid. Restart packetlog: systemctl restart packetlog.'
      : 'The next start creates new tokens.',
  );
  return EXIT.ok;
}
