/** What keeps a node from its hub, as sentences that end with the next step. Pure. */
import { WrongCertificate } from './hub-agent.ts';

const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Start the hub (packetlog hub), or correct the port in --hub',
  ENOTFOUND: 'no such host. Correct the name in --hub',
  EAI_AGAIN: 'the name cannot be looked up now. Check the DNS server of this machine',
  EHOSTUNREACH: 'no route to it. Check the network of this machine',
  ENETUNREACH: 'no route to it. Check the network of this machine',
  ETIMEDOUT: 'no answer. Check that the hub runs, and the firewalls between',
  ECONNRESET: 'it closed the connection. Check that it is a hub, and its log',
  EPROTO: 'it does not use TLS. Correct the port in --hub, or give the hub --tls-cert and --tls-key',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'it does not use TLS. Correct the port in --hub, or give the hub --tls-cert and --tls-key',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired. Renew it on the hub',
  CERT_NOT_YET_VALID: 'its TLS certificate is not valid yet. Check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for other names. Name one of them in --hub',
};

/** Returns why a connection failed. `error`: of socket.io-client or Node.js. */
export function connectionProblem(error: unknown): string {
  const cause = causeOf(error);
  if (cause instanceof WrongCertificate) {
    return `${cause.message}, which --hub-fingerprint does not name. If the hub has a new certificate, name that one.`;
  }
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (UNTRUSTED.has(code)) {
    return 'no trusted authority signed its TLS certificate. Name the authority with --hub-ca, or the certificate with --hub-fingerprint.';
  }
  const status = /^Unexpected server response: (\d+)$/.exec(message)?.[1];
  if (status !== undefined) return `it answered with HTTP status ${status}. Check that --hub names a hub.`;
  return `${BY_CODE[code] ?? `${message}. Check that it is a hub, and its log`}.`;
}

/** engine.io-client keeps the error of `ws` in `description`, an ErrorEvent. */
function causeOf(error: unknown): Error {
  const { description } = error as { description?: { error?: unknown } };
  const cause = description?.error ?? error;
  return cause instanceof Error ? cause : new Error(String(cause));
}
