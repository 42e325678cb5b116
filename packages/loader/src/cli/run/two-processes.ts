/** `packetlog run`, started by root: starts the core without root's rights. Otherwise, and in the core: runs the loader. */
import { handover } from '../../ipc/helpers/handover.ts';
import { launchCore } from '../../launch/launch.ts';
import { pathsForRoot, statePaths } from '../../rules/store/state-directory.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { dashboardDirectory } from './dashboard-directory.ts';

/** Resolves with the exit code; throws SetupError. */
export async function runInTwoProcesses(options: RunOptions): Promise<number> {
  const given = handover();
  if (given !== undefined) {
    const { directory, rules } = given;
    return await runHere({ ...options, state: statePaths({ PACKETLOG_STATE_DIR: directory }, rules) });
  }
  const keepsRoot = launchCore({
    ...options,
    recordDirectory: options.record?.directory,
    dashboard: options.ui === 'off' ? undefined : (options.ui ?? dashboardDirectory()),
    files: [options.config, options.tls?.cert, options.tls?.key, options.fleet?.ca, ...options.geoip].filter(
      (path) => path !== undefined,
    ),
  });
  return await runHere({ ...options, state: pathsForRoot(options.state), keepsRoot });
}

/** The launcher ends without loading the rest of the loader, which takes longer than its work. */
async function runHere(options: RunOptions): Promise<number> {
  const { run } = await import('./run.ts');
  return await run(options);
}
