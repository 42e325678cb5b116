/** Reads the files of `--tls-cert` and `--tls-key`, at start and on SIGHUP. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { SetupError } from '../../errors/setup-error.ts';
import { modeOfGivenFile, readGivenFile } from '../../ipc/helpers/given-files.ts';
import type { TlsPem } from '../../ipc/tls-pem.ts';
import type { TlsFiles } from '../options/run-settings.ts';

export interface ReadTls {
  readonly pem: TlsPem;
  /** Problems that do not prevent its use, as sentences. */
  readonly warnings: readonly string[];
}

/** Mode bits of users other than owner and group. */
const OTHERS = 0o007;

/** Reads and checks both files, also those that only root can read. Throws SetupError. */
export function readTls(files: TlsFiles, nowMs = Date.now()): ReadTls {
  const pem = { cert: read('certificate', files.cert), key: read('key', files.key) };
  const certificate = certificateOf(pem.cert, files.cert);
  const key = keyOf(pem.key, files.key);
  if (!certificate.checkPrivateKey(key)) {
    throw unusable(
      'key',
      files.key,
      `it does not belong to the certificate in ${files.cert}`,
      'Give the files of one pair.',
    );
  }
  try {
    // Loaded only here: node:tls reads NODE_EXTRA_CA_CERTS in a thread, and a child would inherit the open file.
    process.getBuiltinModule('node:tls').createSecureContext(pem);
  } catch (cause) {
    throw unusable('certificate', files.cert, opensslText(cause), CERTIFICATE_ADVICE, cause);
  }
  return { pem, warnings: [...dateWarnings(certificate, files.cert, nowMs), ...modeWarnings(files.key)] };
}

const CERTIFICATE_ADVICE = 'Give a PEM file with the certificate, followed by those of the intermediate authorities.';

function read(what: 'certificate' | 'key', path: string): string {
  try {
    return readGivenFile(path).toString('utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = { ENOENT: 'no such file', EACCES: 'permission denied', EISDIR: 'it is a directory' }[code ?? ''];
    const next =
      code === 'EACCES'
        ? 'Let the user of the loader read it: packetlog, if it runs as the service.'
        : `Check the path in --tls-${what === 'key' ? 'key' : 'cert'}.`;
    throw unusable(what, path, problem ?? (cause as Error).message, next, cause);
  }
}

function certificateOf(text: string, path: string): X509Certificate {
  // X509Certificate reads DER, too; the TLS library does not.
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw unusable('certificate', path, 'it has no PEM certificate', CERTIFICATE_ADVICE);
  }
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw unusable('certificate', path, opensslText(cause), CERTIFICATE_ADVICE, cause);
  }
}

function keyOf(text: string, path: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const next = `Store it without one: openssl pkey -in ${path} -out NEW.`;
    throw unusable('key', path, 'it is protected by a passphrase', next);
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw unusable(
      'key',
      path,
      'it has no PEM private key',
      'Give a PEM file that begins with BEGIN PRIVATE KEY.',
      cause,
    );
  }
}

function dateWarnings({ validFrom, validTo }: X509Certificate, path: string, nowMs: number): string[] {
  if (nowMs > Date.parse(validTo)) {
    return [`The TLS certificate in ${path} expired on ${utcDay(validTo)}: browsers and clients reject it. Renew it.`];
  }
  if (nowMs < Date.parse(validFrom)) {
    const text = `The TLS certificate in ${path} is valid only from ${utcDay(validFrom)}: until then, browsers and clients reject it.`;
    return [`${text} Check the clock.`];
  }
  return [];
}

function modeWarnings(path: string): string[] {
  if ((modeOfGivenFile(path) & OTHERS) === 0) return [];
  return [`Other users can read the TLS key in ${path}. Run: chmod o= ${path}.`];
}

const utcDay = (date: string): string => `${new Date(date).toISOString().slice(0, 10)} (UTC)`;

function opensslText(cause: unknown): string {
  const { reason, message = 'OpenSSL rejects it' } = cause as { reason?: string; message?: string };
  return reason ?? message;
}

function unusable(
  what: 'certificate' | 'key',
  target: string,
  problem: string,
  next: string,
  cause?: unknown,
): SetupError {
  return new SetupError({ step: `use the TLS ${what}`, target, problem, next, exit: 'usage', cause });
}
