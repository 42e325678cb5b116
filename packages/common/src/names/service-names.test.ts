import { describe, expect, it } from 'vitest';
import { TERM_WORDS } from '../filter/words.ts';
import { serviceName, serviceNames, servicePort } from './service-names.ts';

const [ICMP, TCP, UDP, SCTP, UDP_LITE] = [1, 6, 17, 132, 136];

describe('names of services', () => {
  it.each([
    [TCP, 22, 'ssh'],
    [TCP, 443, 'https'],
    [UDP, 443, 'https'],
    [TCP, 53, 'domain'],
    [UDP_LITE, 53, 'domain'],
    [UDP, 123, 'ntp'],
    [TCP, 514, 'shell'],
    [UDP, 514, 'syslog'],
    [TCP, 3306, 'mysql'],
    [UDP, 51_820, 'wireguard'],
    [TCP, 7411, 'packetlog'],
    [TCP, 123, undefined],
    [TCP, 0, undefined],
    [UDP, 65_535, undefined],
    [SCTP, 22, 'ssh'],
    [ICMP, 443, undefined],
  ])('depend on protocol and port: %i, %i is %s', (protocol, port, name) => {
    expect(serviceName(protocol, port)).toBe(name);
  });

  it('map back to their port', () => {
    for (const name of serviceNames()) {
      const port = servicePort(name) as number;
      expect(port).toBeGreaterThan(0);
      expect(port).toBeLessThan(65_536);
    }
    expect([servicePort('dns'), servicePort('www'), servicePort('nobody')]).toEqual([53, 80, undefined]);
  });

  it('are neither keywords of the filter language nor numbers', () => {
    const names = serviceNames();
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => TERM_WORDS.includes(name) || ['and', 'or', 'not', 'none'].includes(name))).toEqual(
      [],
    );
    expect(names.filter((name) => !/^[a-z0-9-]*[a-z][a-z0-9-]*$/.test(name))).toEqual([]);
  });
});
