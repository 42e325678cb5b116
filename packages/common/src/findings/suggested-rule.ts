/** The rule that a finding suggests. */
import type { Finding } from './finding.ts';
import type { FindingFacts } from './finding-filter.ts';
import { loginServiceName } from './login-services.ts';

const EXPIRES_IN = '1h';

/** Undefined for floods: their sources are many or forged, so that a rule about a source denies others or nothing. */
export function suggestedRule({ kind, source, port }: FindingFacts): Finding['rule'] {
  if (source === undefined || kind === 'syn_flood' || kind === 'icmp_flood') return undefined;
  return { action: 'deny', source, expires_in: EXPIRES_IN, reason: reasonOf(kind, port) };
}

function reasonOf(kind: 'port_scan' | 'host_sweep' | 'login_attempts', port: number | undefined): string {
  switch (kind) {
    case 'port_scan':
      return 'port scan';
    case 'host_sweep':
      return 'host sweep';
    case 'login_attempts':
      return port === undefined ? 'connection attempts' : `connection attempts to ${loginServiceName(port)}`;
  }
}
