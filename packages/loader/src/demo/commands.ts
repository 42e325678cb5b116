import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SetupError } from '../errors/setup-error.ts';

const execute = promisify(execFile);

/** Runs iproute2's `ip` with the words of one line. Throws SetupError with its message. */
export async function ip(line: string): Promise<string> {
  try {
    const { stdout } = await execute('ip', line.split(' '));
    return stdout;
  } catch (cause) {
    const { code, stderr } = cause as { code?: string | number; stderr?: string };
    const missing = code === 'ENOENT';
    const denied = /not permitted|denied/i.test(stderr ?? '');
    throw new SetupError({
      step: 'run',
      target: `ip ${line}`,
      problem: missing ? 'there is no ip command' : (stderr ?? '').trim() || 'failed',
      next: missing ? 'Install iproute2.' : denied ? 'Run as root.' : '',
      exit: denied ? 'privilege' : 'failed',
      cause,
    });
  }
}
