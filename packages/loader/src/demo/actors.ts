/** The processes of the hosts: one for each namespace, ended by closing their standard input. */
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
        // The pipe closes when this process ends, however it ends. Only this process handles Ctrl-C.
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
