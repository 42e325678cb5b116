/** `packetlog demo`: creates a lab with traffic, watches it, and removes it at the end. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Actors } from '../demo/actors.ts';
import { DemoLab, removeStaleLabs, SERVER } from '../demo/lab.ts';
import { statePaths } from '../rules/store/state-directory.ts';
import type { RunOptions } from './options/run-settings.ts';
import { Stop } from './process/stop.ts';
import { run } from './run/run.ts';

/** Runs the demo for `seconds`. Resolves with the exit code. */
export async function demo(options: RunOptions, seconds: number): Promise<number> {
  const stop = new Stop();
  await removeStaleLabs();
  removeStaleDirectories();
  const lab = await DemoLab.make();
  let actors: Actors | undefined;
  const timer = setTimeout(() => stop.now('time limit'), seconds * 1000);
  // Keep the rules of the demo and of this machine apart.
  const directory = mkdtempSync(join(tmpdir(), `packetlog-demo-${process.pid}-`));
  const demoOptions: RunOptions = {
    ...options,
    iface: ['eth0'],
    netns: `/run/netns/${lab.namespace(SERVER.name)}`,
    pin: 'never',
    state: statePaths({ PACKETLOG_STATE_DIR: directory }),
  };
  try {
    return await run(demoOptions, stop, () => {
      actors = new Actors(lab);
    });
  } finally {
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
    await actors?.end();
    await lab.remove();
  }
}

/** Removes directories of demos that were killed. */
function removeStaleDirectories(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^packetlog-demo-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
