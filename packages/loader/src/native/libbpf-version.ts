import { SetupError } from '../errors/setup-error.ts';
import { C, call } from './ffi.ts';

const NEEDED = { major: 1, minor: 1 };

/** Returns the version of the installed libbpf, such as "1.5". Throws SetupError if it is missing or too old. */
export function requireLibbpf(): string {
  const { major, minor } = installed();
  const version = `${major}.${minor}`;
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return version;
  throw new SetupError({
    step: 'use library',
    target: 'libbpf.so.1',
    problem: `version ${version} is too old`,
    next: `Install libbpf ${NEEDED.major}.${NEEDED.minor} or later (Debian: libbpf1, Fedora and Arch: libbpf).`,
    exit: 'unsupported',
  });
}

function installed(): { major: number; minor: number } {
  const part = (name: string) => call('libbpf', name, C.unsigned, []).value;
  return { major: part('libbpf_major_version'), minor: part('libbpf_minor_version') };
}
