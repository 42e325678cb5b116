import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Holder, holderOf, openDirectory } from './lock-holder.ts';
import { lockRules } from './rules-lock.ts';
import { statePaths } from './state-directory.ts';
import { lockStateDirectory, type StateLockOptions } from './state-lock.ts';

let directory = '';
let state: number;
let children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-lock-'));
  state = openDirectory(directory);
});
afterEach(async () => {
  await Promise.all(children.map(kill));
  children = [];
  closeSync(state);
  rmSync(directory, { recursive: true });
});

const paths = () => statePaths({ PACKETLOG_STATE_DIR: directory });
const NEVER = new Promise<never>(() => {});
const lockState = (options: Partial<StateLockOptions> = {}) =>
  lockStateDirectory(directory, { stop: NEVER, notice: () => {}, ...options });

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve).kill('SIGKILL'));
}

/** Starts another process that waits for these locks and holds them; `sleep` limits its lifetime. */
function locker(...files: string[]): ChildProcess {
  const [name = '', ...args] = [...files.flatMap((file) => ['flock', '--no-fork', file]), 'sleep', '60'];
  const child = spawn(name, args, { stdio: 'ignore' });
  children.push(child);
  return child;
}
async function held(isHeld: (seen: Holder) => boolean): Promise<void> {
  while (!isHeld(holderOf(directory, state))) await delay(5);
}
async function loader(): Promise<ChildProcess> {
  const child = locker(directory);
  await held(({ pid }) => pid === child.pid);
  return child;
}
async function command(): Promise<ChildProcess> {
  const child = locker(join(directory, 'rules.lock'), directory);
  await held(({ pid, isCommand }) => pid === child.pid && isCommand);
  return child;
}

describe('the rules', () => {
  it('are changed by one command at a time; the next one waits', async () => {
    const release = await lockRules(paths());
    let isHeld = false;
    const second = lockRules(paths()).then((releaseSecond) => {
      isHeld = true;
      return releaseSecond;
    });
    await expect(lockRules(paths(), { waitMs: 100 })).rejects.toThrow(
      `another packetlog rules is changing them (pid ${process.pid})`,
    );
    expect(isHeld).toBe(false);
    release?.();
    (await second)?.();
    (await lockRules(paths(), { waitMs: 0 }))?.();
  });

  it('are not changed by a command while a loader has the directory, until it serves or has ended', async () => {
    const { pid } = await loader();
    await expect(lockRules(paths(), { waitMs: 100 })).rejects.toThrow(
      `packetlog with pid ${pid} uses them and does not answer at its control socket`,
    );
    let isServed = false;
    const asked = lockRules(paths(), { isServed: async () => isServed });
    isServed = true;
    expect(await asked).toBeUndefined();
    const waiting = lockRules(paths());
    await Promise.all(children.map(kill));
    (await waiting)?.();
  });

  it('make every command wait as long as the first while a loader starts', async () => {
    const starting = await loader();
    const first = lockRules(paths());
    const rejected = lockRules(paths(), { waitMs: 100 });
    // Names the loader, not the first command, which waits as well.
    await expect(rejected).rejects.toThrow(`packetlog with pid ${starting.pid} uses them`);
    await kill(starting);
    (await first)?.();
  });
});

describe('a loader', () => {
  it('waits for a command that changes the rules', async () => {
    const changing = await command();
    let isHeld = false;
    const locked = lockState().then((release) => {
      isHeld = true;
      return release;
    });
    await delay(300);
    expect(isHeld).toBe(false);
    await kill(changing);
    (await locked)?.();
    expect(isHeld).toBe(true);
  });

  it('says what it waits for, and gives up with a code after which a service manager tries again', async () => {
    const { pid } = await command();
    const notices: string[] = [];
    await expect(lockState({ waitMs: 1500, notice: (line) => notices.push(line) })).rejects.toMatchObject({
      message: expect.stringMatching(`packetlog rules \\(pid ${pid}\\) has been changing .*kill -CONT ${pid}`),
      exitCode: 1,
    });
    expect(notices).toEqual([expect.stringMatching(`^Waiting for packetlog rules \\(pid ${pid}\\) .* for 1 s so far`)]);
  });

  it('stops waiting when it is asked to end', async () => {
    await command();
    expect(await lockState({ stop: delay(50) })).toBeUndefined();
  });

  it('rejects the directory of another loader, also while a command waits for that one', async () => {
    const { pid } = await loader();
    const waiting = lockRules(paths());
    await expect(lockState()).rejects.toThrow(
      `packetlog with pid ${pid} already uses it, perhaps in another network namespace`,
    );
    await Promise.all(children.map(kill));
    (await waiting)?.();
  });

  it('does not mistake a succession of holders for another loader', async () => {
    const lockers = Array.from({ length: 12 }, () => locker(directory));
    await held(({ pid }) => pid !== undefined);
    // All of them together hold it for longer, but no single one does.
    const locked = lockState({ loaderMs: 1000 });
    for (const _ of lockers) {
      const { pid } = holderOf(directory, state);
      const current = lockers.find((each) => each.pid === pid);
      await delay(100);
      if (current) await kill(current);
    }
    await Promise.all(lockers.map(kill));
    (await locked)?.();
  });
});
