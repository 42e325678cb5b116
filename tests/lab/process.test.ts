/** Tests waiting for a process of the lab. Needs root. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNamespace, type Namespace } from './namespace.ts';
import { startProcess } from './process.ts';
import { requireRoot } from './root.ts';

describe.skipIf(!requireRoot())('process', () => {
  let namespace: Namespace;
  beforeAll(async () => {
    namespace = await createNamespace();
  });
  afterAll(() => namespace.dispose());
  const shell = (script: string) => startProcess(namespace, 'sh', ['-c', script]);

  test('waits for output, and a signal ends it with its exit code', async () => {
    const child = shell('trap "exit 7" TERM; echo ready 42; while :; do sleep 0.05; done');
    const [, number] = await child.untilPrinted(/ready (\d+)/);
    expect(number).toBe('42');
    expect(await child.end('SIGTERM')).toEqual({ code: 7, signal: null });
  });

  test('a process that ends too early fails the wait with its output', async () => {
    const child = shell('echo out; echo trouble >&2; exit 3');
    await expect(child.untilPrinted(/never/)).rejects.toThrow(/exit code 3.*out.*trouble/s);
    expect(await child.exited).toEqual({ code: 3, signal: null });
  });

  test('a deadline fails the wait with the output so far', async () => {
    const child = shell('echo waiting; exec sleep 100');
    await child.untilPrinted(/waiting/);
    await expect(child.untilPrinted(/never/, 50)).rejects.toThrow(/after 50 ms still no output like.*waiting/s);
    await child.dispose();
    expect((await child.exited).signal).toBe('SIGKILL');
  });

  test('a command that does not exist is an error', async () => {
    const child = startProcess(namespace, '/nonexistent/command', []);
    await expect(child.untilPrinted(/ready/)).rejects.toThrow(/No such file|exec of/);
  });
});
