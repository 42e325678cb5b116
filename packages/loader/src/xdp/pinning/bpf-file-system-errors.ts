/** Errors for a bpf file system that cannot be used for pins. */
import { SetupError } from '../../errors/setup-error.ts';

/** Where the bpf file system usually is. */
export const USUAL = '/sys/fs/bpf';
const PIN_IN = { step: 'pin in' };
export const NAME_ANOTHER = 'name another bpf file system with --bpf-fs DIR';
const mountCommand = (path: string) => `mkdir -p ${path} && mount -t bpf -o mode=0700 bpf ${path}`;
export const MOUNT_YOURSELF = `Mount it yourself (${mountCommand(USUAL)}), or ${NAME_ANOTHER}.`;

export function missing(path: string, cause: unknown): SetupError {
  return new SetupError({ ...PIN_IN, target: path, next: `Create it: ${mountCommand(path)}.`, exit: 'usage', cause });
}

export function otherType(path: string): SetupError {
  const next = `Mount one in an empty directory (${mountCommand('DIR')}), and name it with --bpf-fs DIR.`;
  return new SetupError({ ...PIN_IN, target: path, problem: 'it is not a bpf file system', next, exit: 'usage' });
}

export function unreachableMounts(): SetupError {
  return new SetupError({
    ...PIN_IN,
    target: USUAL,
    problem: 'the machine’s own mounts cannot be reached from here, and ours end with this process',
    next: 'Name a bpf file system that stays, with --bpf-fs DIR.',
    exit: 'privilege',
  });
}

export function notVisible(path: string): SetupError {
  return new SetupError({
    ...PIN_IN,
    target: path,
    problem: 'no bpf file system is visible there from this process (chroot, or a private mount namespace)',
    next: `Mount one where this process sees it (${mountCommand('DIR')}) and name it with --bpf-fs DIR.`,
    exit: 'privilege',
  });
}

/**
 * Returns the error for a path that other users can change: a user who can rename our directory can put another in its
 * place.
 */
export function unsafe(target: string, path: string, problem: string): SetupError {
  const next = `Restrict it to root (chown root ${path} && chmod 0700 ${path}), or ${NAME_ANOTHER}.`;
  return new SetupError({ ...PIN_IN, target, problem: `${path} ${problem}`, next, exit: 'privilege' });
}
