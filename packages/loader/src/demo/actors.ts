/** Starts one process for each host, in the host's namespace. Closing its standard input ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CLIENTS, type DemoLab, SERVER } from './lab.ts';

const SCRIPT = fileURLToPath(new URL('./actor.js', import.meta.url));
const END_MS = 3000;

export class Actors {
  readonly #children: ChildProcess[];

  constructor(lab: DemoLab) {
    this.#children = [SERVER, ...CLIENTS].map(({ name }) =>
      spawn('ip', ['netns', 'exec', lab.namespace(name), process.execPath, SCRIPT, name], {
        // The pipe closes when this process ends, even if it is killed. Only this process handles Ctrl-C.
        stdio: ['pipe', 'ignore', 'inherit'],
        detached: true,
      }),
    );
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.stdin?.destroy();
        const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
        await exited;
        clearTimeout(timer);
      }),
    );
  }
}
