import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './namespace.ts';

/** A Node.js process inside a namespace that runs the test's requests; agent/agent.mjs lists them. */
export interface Agent {
  readonly pid: number;
  /** Sends a request. Throws the agent's error, or an error if the agent ends before it answers. */
  ask<T>(method: string, argument?: unknown, handle?: Socket): Promise<T>;
  stop(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./agent/agent.mjs', import.meta.url));

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export async function startAgent(namespace: Namespace): Promise<Agent> {
  const child = namespace.spawn(process.execPath, [SCRIPT], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;

  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => {
    for (const [id, answer] of waiting) answer({ id, error: 'the agent ended before it answered' });
    waiting.clear();
  });

  const agent: Agent = {
    pid: child.pid ?? 0,
    ask<T>(method: string, argument?: unknown, handle?: Socket) {
      const id = ++lastId;
      return new Promise<T>((resolve, reject) => {
        waiting.set(id, ({ value, error }) =>
          error === undefined ? resolve(value as T) : reject(new Error(`${method} in ${namespace.name}: ${error}`)),
        );
        send(child, { id, method, argument }, handle, reject);
      });
    },
    stop: () => {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
  await agent.ask('ready');
  return agent;
}

function send(child: ChildProcess, message: object, handle: Socket | undefined, reject: (error: Error) => void): void {
  child.send(message, handle, (error) => {
    if (error) reject(error);
  });
}
