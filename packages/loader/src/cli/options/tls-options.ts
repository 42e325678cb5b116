import { SetupError } from '../../errors/setup-error.ts';
import type { TlsFiles } from './run-settings.ts';

/** Throws SetupError if only one of both is given. */
export function tlsFiles(cert: string | undefined, key: string | undefined): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const [given, missing] = cert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key'];
  throw new SetupError({
    step: 'use',
    target: given,
    problem: `${missing} is missing`,
    next: 'Give both, or none for plain HTTP.',
    exit: 'usage',
  });
}
