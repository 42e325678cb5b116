/** For tests: certificates made by openssl, in a directory that the test removes. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsPem } from '../../src/ipc/tls-pem.ts';

export interface MadeCertificate {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
  readonly pem: TlsPem;
}

export interface CertificatePlace {
  readonly directory: string;
  /** Makes a self-signed certificate for a day; `names` as in subjectAltName: `DNS:a.example`, `IP:192.0.2.1`. */
  make(name: string, names?: string): MadeCertificate;
  /** Runs openssl in the directory. */
  openssl(...args: string[]): void;
  remove(): void;
}

export function makeCertificatePlace(): CertificatePlace {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-certificates-'));
  const openssl = (...args: string[]) => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  };
  return {
    directory,
    openssl,
    make: (name, names = 'DNS:localhost,IP:127.0.0.1') => {
      const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
      const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1'];
      openssl(
        'req',
        ...kind,
        '-subj',
        `/CN=${name}`,
        '-addext',
        `subjectAltName=${names}`,
        '-out',
        cert,
        '-keyout',
        key,
      );
      chmodSync(key, 0o600);
      return { cert, key, pem: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } };
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}
