/** Errors for a program that the kernel rejects. */
import { release } from 'node:os';
import { ERRNO } from '../errors/errno.ts';
import { privilegeAdvice } from '../errors/privilege.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { RequestedTransport } from '../ipc/settings.ts';
import { capabilityProblem, missingCapabilities, NEEDED_TEXT, ownCapabilities } from '../system/capabilities.ts';
import { kernelProblem } from '../system/kernel-version.ts';
import { MEMLOCK_ADVICE } from '../system/memlock.ts';

/** Returns the last lines of the verifier's log, which contain the reason for the rejection. */
export function lastLines(log: Uint8Array, lines = 12): string {
  const end = log.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? log : log.subarray(0, end)).trimEnd();
  return text === '' ? '' : text.split('\n').slice(-lines).join('\n');
}

export interface TransportRejection {
  transport: string;
  errno: number;
  /** The verifier's last lines, or empty. */
  log: string;
}

/**
 * Returns the error for an object that no transport could load. `rejections`: all transports that were tried, the best
 * first; the errno is that of the first, the logs are those of all. `requested`: as in `--transport`.
 */
export function rejectedObject(
  path: string,
  rejections: readonly TransportRejection[],
  requested: RequestedTransport,
): SetupError {
  const errno = rejections[0]?.errno ?? 0;
  const denied = errno === ERRNO.EPERM || errno === ERRNO.EACCES;
  const logs = rejections.filter(({ log }) => log !== '');
  return new SetupError({
    step: 'load program',
    target: path,
    errno,
    exit: denied ? 'privilege' : 'unsupported',
    ...(denied ? deniedFacts() : (kernelProblem(release()) ?? { next: unsupportedAdvice(requested) })),
    ...(logs.length === 0
      ? {}
      : { detail: logs.map(({ transport, log }) => `--transport ${transport}:\n${log}`).join('\n') }),
  });
}

function deniedFacts(): { problem?: string; next: string } {
  return (
    capabilityProblem(missingCapabilities(ownCapabilities())) ?? {
      next: `${privilegeAdvice({ needs: NEEDED_TEXT })} ${MEMLOCK_ADVICE}`,
    }
  );
}

function unsupportedAdvice(requested: RequestedTransport): string {
  if (requested !== 'auto') {
    return (
      `This kernel may not have what --transport ${requested} needs (array: Linux 5.12, ring: 5.8): ` +
      'use --transport auto, which selects the fastest that works.'
    );
  }
  return 'PacketLog needs Linux 5.10 or later with BPF and its JIT; please report the verifier log below with your kernel version (uname -r).';
}
