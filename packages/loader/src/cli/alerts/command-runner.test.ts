import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandRunner } from './command-runner.ts';

const LONG_MS = 60_000;

describe('the command of an alert', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-alert-command-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const shell = (script: string, timeoutMs = LONG_MS) =>
    new CommandRunner(['sh', '-c', script, 'sh', join(directory, 'out')], timeoutMs);

  /** Waits for the process whose number the command wrote. */
  const hasEnded = () =>
    vi.waitFor(() => expect(isRunning(readFileSync(join(directory, 'out'), 'utf8').trim())).toBe(false));

  it('gets the message, and has succeeded with exit code 0', async () => {
    const outcome = await shell('cat > "$1"').run('{"status":"firing"}');
    expect(outcome).toEqual({ succeeded: true, text: 'exit code 0' });
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('{"status":"firing"}');
  });

  it('that fails is told with its code and what it said', async () => {
    const outcome = await shell('echo "no modem" >&2; echo more >&2; exit 3').run('{}');
    expect(outcome).toEqual({ succeeded: false, text: 'exit code 3: no modem' });
  });

  it('that does not exist is told', async () => {
    const outcome = await new CommandRunner(['/nonexistent/page-me'], LONG_MS).run('{}');
    expect(outcome).toEqual({ succeeded: false, text: 'it cannot start (ENOENT)' });
  });

  it('is ended with all that it started when its time is over', async () => {
    const outcome = await shell('sleep 1000 & echo $! > "$1"; wait', 300).run('{}');
    expect(outcome).toEqual({ succeeded: false, text: 'it had not ended after 0.3 s' });
    await hasEnded();
  });

  it('need not read its input, nor end what it leaves behind', async () => {
    const runner = shell('sleep 1000 & echo $! > "$1"');
    const outcome = await runner.run('x'.repeat(1 << 20));
    expect(outcome.succeeded).toBe(true);
    await hasEnded();
    expect(runner.isBusy).toBe(false);
  });

  it('is ended when it is closed', async () => {
    const runner = shell('sleep 1000');
    const outcome = runner.run('{}');
    expect(runner.isBusy).toBe(true);
    runner.close();
    expect(await outcome).toEqual({ succeeded: false, text: 'SIGKILL' });
  });
});

/** A process that ended may still wait for its parent. */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
