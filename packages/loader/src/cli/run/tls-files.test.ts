import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type CertificatePlace,
  type MadeCertificate,
  makeCertificatePlace,
} from '../../../test/support/certificates.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { openTls, reloadTls } from './tls.ts';
import { readTls } from './tls-files.ts';

const DAY_MS = 86_400_000;

describe('the TLS files', () => {
  let place: CertificatePlace;
  let pair: MadeCertificate;
  let other: MadeCertificate;
  beforeAll(() => {
    place = makeCertificatePlace();
    pair = place.make('pair');
    other = place.make('other');
  });
  afterAll(() => place.remove());

  const at = (name: string) => join(place.directory, name);
  const write = (name: string, text: string) => {
    writeFileSync(at(name), text, { mode: 0o600 });
    return at(name);
  };

  it('of one pair are read without a warning', () => {
    expect(readTls(pair)).toEqual({ pem: pair.pem, warnings: [] });
  });

  it.each<[string, () => { cert: string; key: string }, RegExp]>([
    [
      'of two pairs',
      () => ({ cert: pair.cert, key: other.key }),
      /^use the TLS key .*other\.key: it does not belong to the certificate in .*pair\.crt\. Give the files of one pair\.$/,
    ],
    [
      'without a certificate',
      () => ({ cert: at('missing.crt'), key: pair.key }),
      /^use the TLS certificate .*missing\.crt: no such file\. Check the path in --tls-cert\.$/,
    ],
    [
      'without a key',
      () => ({ cert: pair.cert, key: at('missing.key') }),
      /^use the TLS key .*missing\.key: no such file\. Check the path in --tls-key\.$/,
    ],
    [
      'with a directory',
      () => {
        mkdirSync(at('directory'), { recursive: true });
        return { cert: at('directory'), key: pair.key };
      },
      /directory: it is a directory\./,
    ],
    [
      'swapped',
      () => ({ cert: pair.key, key: pair.cert }),
      /use the TLS certificate .*pair\.key: it has no PEM certificate\. Give/,
    ],
    [
      'with a key that is none',
      () => ({ cert: pair.cert, key: pair.cert }),
      /use the TLS key .*pair\.crt: it has no PEM private key\. Give/,
    ],
    [
      'with a certificate that is cut off',
      () => ({ cert: write('cut.crt', pair.pem.cert.slice(0, 200)), key: pair.key }),
      /use the TLS certificate .*cut\.crt: .+\. Give a PEM file/,
    ],
    [
      'with a broken intermediate certificate',
      () => ({ cert: write('chain.crt', `${pair.pem.cert}\n${pair.pem.cert.slice(0, 300)}\n`), key: pair.key }),
      /use the TLS certificate .*chain\.crt: .+\. Give a PEM file/,
    ],
    [
      'with a passphrase',
      () => {
        place.openssl('pkey', '-in', pair.key, '-aes256', '-passout', 'pass:secret', '-out', 'locked.key');
        return { cert: pair.cert, key: at('locked.key') };
      },
      /locked\.key: it is protected by a passphrase\. Store it without one: openssl pkey -in .*locked\.key -out NEW\.$/,
    ],
  ])('%s are rejected with the reason', (_, files, message) => {
    const read = () => readTls(files());
    expect(read).toThrow(SetupError);
    expect(read).toThrow(message);
  });

  it('warn about a certificate that has expired, or is not valid yet', () => {
    expect(readTls(pair, Date.now() + 2 * DAY_MS).warnings).toEqual([
      expect.stringMatching(
        /pair\.crt expired on \d{4}-\d\d-\d\d \(UTC\): browsers and clients reject it\. Renew it\.$/,
      ),
    ]);
    expect(readTls(pair, Date.now() - DAY_MS).warnings).toEqual([
      expect.stringMatching(/is valid only from .* Check the clock\.$/),
    ]);
  });

  it('warn about a key that other users can read; a group may', () => {
    const key = write('open.key', pair.pem.key);
    chmodSync(key, 0o640);
    expect(readTls({ cert: pair.cert, key }).warnings).toEqual([]);
    chmodSync(key, 0o644);
    expect(readTls({ cert: pair.cert, key }).warnings).toEqual([
      `Other users can read the TLS key in ${key}. Run: chmod o= ${key}.`,
    ]);
  });

  it('are read again; a pair that cannot be used leaves the old one in use, with a notice', () => {
    const tls = { cert: write('now.crt', pair.pem.cert), key: write('now.key', pair.pem.key) };
    const log = { warn: vi.fn(), info: vi.fn() };
    const server = { setTls: vi.fn() };
    const notice = vi.fn();
    const reload = () => reloadTls({ tls }, server, log, notice);
    expect(openTls({ tls }, log)).toEqual(pair.pem);
    write('now.crt', other.pem.cert);
    reload();
    expect(server.setTls).not.toHaveBeenCalled();
    expect(notice).toHaveBeenCalledExactlyOnceWith({
      at_ms: expect.any(Number),
      level: 'error',
      code: 'tls_rejected',
      message: expect.stringMatching(/does not belong .* The certificate read before stays in use\.$/),
    });
    write('now.key', other.pem.key);
    reload();
    expect(server.setTls).toHaveBeenCalledExactlyOnceWith(other.pem);
    expect(log.info).toHaveBeenCalledOnce();
    expect(readFileSync(tls.cert, 'utf8')).toBe(other.pem.cert);
    reloadTls({ tls: undefined }, server, log, notice);
    expect(server.setTls).toHaveBeenCalledOnce();
  });
});
