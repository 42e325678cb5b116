/** `packetlog demo`: a lab with traffic, watched like a real interface, removed at the end. */
import { Actors } from '../demo/actors.ts';
import { DemoLab, removeStaleLabs, SERVER } from '../demo/lab.ts';
import { run } from './run.ts';
import type { RunOptions } from './run-options.ts';
import { Stop } from './stop.ts';

/** `seconds`: the demo ends by itself after so long. */
export async function demo(options: RunOptions, seconds: number): Promise<number> {
  const stop = new Stop();
  await removeStaleLabs();
  const lab = await DemoLab.make();
  let actors: Actors | undefined;
  const timer = setTimeout(() => stop.now('time is over'), seconds * 1000);
  try {
    return await run({ ...options, iface: ['eth0'], netns: `/run/netns/${lab.namespace(SERVER.name)}` }, stop, () => {
      actors = new Actors(lab);
    });
  } finally {
    clearTimeout(timer);
    await actors?.end();
    await lab.remove();
  }
}
