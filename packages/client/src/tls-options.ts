/** Checks the certificate of the loader. */
import { X509Certificate } from 'node:crypto';
import { Agent, type AgentOptions } from 'node:https';
import type { TrustOptions } from './trust-options.ts';

/** @types/node 20 lacks it; Node.js has it since 20.18. */
type TrustingAgentOptions = AgentOptions & { readonly allowPartialTrustChain?: boolean };

/** Returns the agent that makes these checks; undefined for the usual ones. */
export function agentFor({ ca, certificate }: TrustOptions): Agent | undefined {
  if (certificate !== undefined) return pinning(certificate);
  return ca === undefined ? undefined : new Agent({ ca });
}

/** Trusts one certificate. Throws if the text is not a certificate. */
function pinning(pem: string): Agent {
  const { fingerprint256 } = new X509Certificate(pem);
  const options: TrustingAgentOptions = {
    ca: pem,
    // It may be signed by an authority that is not trusted here.
    allowPartialTrustChain: true,
    checkServerIdentity: (_, peer) =>
      peer.fingerprint256 === fingerprint256 ? undefined : new Error('the loader has another certificate'),
  };
  return new Agent(options);
}

const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Returns why the certificate was rejected; undefined for other errors of a connection. */
export function certificateProblem(error: Error & { description?: { error?: unknown } }): string | undefined {
  const cause = error.description?.error;
  if (!(cause instanceof Error)) return undefined;
  const { code, message } = cause as NodeJS.ErrnoException;
  const isRejected = CERTIFICATE_CODES.has(code ?? '') || message === 'the loader has another certificate';
  // Node.js appends advice about its own options.
  return isRejected ? message.split('; ', 1)[0] : undefined;
}
