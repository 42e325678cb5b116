import { expect, it } from 'vitest';
import { kindName } from './kind-name.ts';

it.each([
  [{ ip_protocol: 6, port: 23 }, 'TCP 23'],
  [{ ip_protocol: 17, port: 0 }, 'UDP 0'],
  [{ ip_protocol: 17 }, 'UDP without port'],
  [{ ip_protocol: 1, icmp_type: 3 }, 'ICMP destination unreachable'],
  [{ ip_protocol: 58, icmp_type: 135 }, 'IPv6-ICMP neighbor solicitation'],
  [{ ip_protocol: 1, icmp_type: 77 }, 'ICMP type 77'],
  [{ ip_protocol: 1 }, 'ICMP'],
  [{ ip_protocol: 47 }, 'GRE'],
])('%j is %s', (kind, name) => expect(kindName(kind)).toBe(name));
