/** Certificates made by openssl, in a directory that the test removes. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';

export interface MadeCertificate {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificatePlace {
  readonly directory: string;
  /** Makes a self-signed certificate for 30 days; `names` as in subjectAltName: `DNS:a.example,IP:192.0.2.1`. */
  make(name: string, names: string): Promise<MadeCertificate>;
  remove(): void;
}

export function makeCertificatePlace(): CertificatePlace {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-certificates-'));
  return {
    directory,
    make: async (name, names) => {
      const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
      const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '30'];
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
      await run('openssl', ['req', ...kind, ...subject, '-out', cert, '-keyout', key]);
      chmodSync(key, 0o600);
      return { cert, key };
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}
