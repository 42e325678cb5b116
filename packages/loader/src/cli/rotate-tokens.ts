/** `packetlog token rotate`: replaces the tokens of the dashboard. */
import { EXIT } from '../errors/exit-codes.ts';
import { ControlClient } from '../rules/control/control-client.ts';
import { checkStateDirectory, type StatePaths } from '../rules/store/state-directory.ts';
import { forgetTokens } from './run/token-file.ts';

/** Removes the stored tokens. Resolves with the exit code; throws SetupError or the file system's error. */
export async function rotateTokens(paths: StatePaths, print: (line: string) => void): Promise<number> {
  checkStateDirectory(paths);
  forgetTokens(paths.directory);
  const isRunning = await new ControlClient(paths.controlSocket, { user: 'root' }).identity().then(
    () => true,
    () => false,
  );
  print(
    isRunning
      ? 'The next start creates new tokens. Until then, the old ones stay valid. Restart packetlog: systemctl restart packetlog.'
      : 'The next start creates new tokens.',
  );
  return EXIT.ok;
}
