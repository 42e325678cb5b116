/** TLS of a run: reads the files at start, and again on SIGHUP. */
import type { Notice } from '@packetlog/common';
import type { Logger } from 'pino';
import { SetupError } from '../../errors/setup-error.ts';
import type { TlsPem } from '../../ipc/tls-pem.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { readTls } from './tls-files.ts';

/** Returns undefined without --tls-cert. Throws SetupError. */
export function openTls({ tls }: Pick<RunOptions, 'tls'>, log: Pick<Logger, 'warn'>): TlsPem | undefined {
  if (tls === undefined) return undefined;
  const { pem, warnings } = readTls(tls);
  for (const warning of warnings) log.warn(warning);
  return pem;
}

/** Reads the files again. If they cannot be used, the pair read before stays in use, and a notice says why. */
export function reloadTls(
  options: Pick<RunOptions, 'tls'>,
  server: { setTls(pem: TlsPem): void } | undefined,
  log: Pick<Logger, 'warn' | 'info'>,
  notice: (notice: Notice) => void,
): void {
  try {
    const pem = openTls(options, log);
    if (pem === undefined) return;
    server?.setTls(pem);
    log.info('The TLS certificate was read again; new connections use it.');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const message = `${error.message} The certificate read before stays in use.`;
    notice({ at_ms: Date.now(), level: 'error', code: 'tls_rejected', message });
  }
}
