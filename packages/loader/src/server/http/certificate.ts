/** What a TLS certificate says about names and dates. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TlsPem } from '../../ipc/tls-pem.ts';

export class Certificate {
  readonly #x509: X509Certificate;

  /** Throws the error of OpenSSL if the text does not begin with a certificate. */
  constructor({ cert }: Pick<TlsPem, 'cert'>) {
    this.#x509 = new X509Certificate(cert);
  }

  /** Whether browsers accept it for this host name or address. `host`: without port; IPv6 in brackets or not. */
  covers(host: string): boolean {
    const bare = host.replace(/^\[|\]$/g, '');
    const name = isIP(bare) === 0 ? this.#x509.checkHost(bare) : this.#x509.checkIP(bare);
    return name !== undefined;
  }

  /** DNS names, without wildcards. */
  get names(): string[] {
    const names = (this.#x509.subjectAltName ?? '').split(', ');
    return names.flatMap((name) => /^DNS:([^*"]+)$/.exec(name)?.[1]?.toLowerCase() ?? []);
  }

  /** SHA-256 of the whole certificate, 64 small hex digits. */
  get fingerprint(): string {
    return this.#x509.fingerprint256.replaceAll(':', '').toLowerCase();
  }

  get validFromMs(): number {
    return Date.parse(this.#x509.validFrom);
  }

  get validUntilMs(): number {
    return Date.parse(this.#x509.validTo);
  }
}
