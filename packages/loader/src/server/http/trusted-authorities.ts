/** The certificate authorities that connections of this process trust. */
import * as tls from 'node:tls';

let context: tls.SecureContext | undefined;

/** Trusts the certificate authorities of this machine, too: private ones are installed there. Made once: it takes long. */
export function trustedAuthorities(): tls.SecureContext {
  if (context !== undefined) return context;
  // Since Node 22.15; earlier versions know only the authorities that they contain.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default' | 'system') => string[] };
  const ca = getCACertificates && [...getCACertificates('default'), ...getCACertificates('system')];
  context = tls.createSecureContext(ca && { ca });
  return context;
}
