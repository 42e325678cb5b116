import { type Rule, ruleSentence } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { choosingPolicy } from '../engine/change.ts';
import { AddressListBuilder } from '../lists/address-list.ts';
import { EMPTY_RULESET, type Ruleset } from '../ruleset/ruleset.ts';
import type { MachineFacts } from './machine-facts.ts';
import { type Needs, proposePermits } from './propose-permits.ts';
import type { Protected } from './protected-sources.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const TCP = 6;
const UDP = 17;

const FACTS: MachineFacts = {
  services: [],
  connections: [],
  replyPorts: { from: 32_768, to: 60_999 },
  timeServers: { addresses: [], names: [] },
  usesDhcp: { ipv4: false, ipv6: false },
  hasIpv6: false,
  forwards: false,
  hasOnlyLocalResolvers: false,
};
const service = (ipProtocol: number, port: number | undefined, process?: string) => ({ ipProtocol, port, process });
const DNS: Protected = { kind: 'dns', address: '192.0.2.53', ports: [32_768, 46_883, 60_999] };
const ICMP = 'permit any source with icmp';
const WIDE = 'permit any source to ports 32768-60999';

let nextId = 1;
const rule = (given: Partial<Rule> & Pick<Rule, 'action' | 'source'>): Rule => ({
  id: nextId++,
  reason: '',
  created_by: 'root',
  created_at: '2029-01-01T00:00:00Z',
  ...given,
});

const needs = (
  facts: Partial<MachineFacts>,
  { rules = [], sets = new Map(), ...rest }: Partial<Needs> & Partial<Pick<Ruleset, 'rules' | 'sets'>> = {},
): Needs => ({
  facts: { ...FACTS, ...facts },
  protectedNow: [],
  ruleset: { ...EMPTY_RULESET, rules, sets },
  permitsNow: () => false,
  interfaces: ['eth0'],
  nowMs: NOW,
  ...rest,
});
const propose = (...given: Parameters<typeof needs>) => proposePermits(needs(...given));
const sentences = (...given: Parameters<typeof needs>) =>
  propose(...given).rules.map(({ rule: { reason: _, ...each } }) => ruleSentence(each as Rule, NOW));
const reasons = (...given: Parameters<typeof needs>) => propose(...given).rules.map((each) => each.rule.reason);

describe('services', () => {
  it('get a rule each, merged over families and adjacent ports of a process', () => {
    const services = [
      service(TCP, 22, 'sshd'),
      service(TCP, 22, 'sshd'),
      service(TCP, 6801, 'ceph-osd'),
      service(TCP, 6800, 'ceph-osd'),
      service(TCP, 6802, 'nginx'),
      service(UDP, 53),
      service(89, undefined, 'bird'),
    ];
    expect(sentences({ services })).toEqual([
      'permit any source to tcp port 22',
      'permit any source to tcp ports 6800-6801',
      'permit any source to tcp port 6802',
      'permit any source to udp port 53',
      'permit any source with ospf',
      ICMP,
      WIDE,
    ]);
    expect(reasons({ services }).slice(0, 5)).toEqual([
      'sshd listens on TCP 22',
      'ceph-osd listens on TCP 6800-6801',
      'nginx listens on TCP 6802',
      'A process listens on UDP 53',
      'bird receives OSPF',
    ]);
  });

  it('are at most 40 rules; the others are named', () => {
    const services = Array.from({ length: 60 }, (_, i) => service(TCP, 2 * i + 1, `daemon-${i}`));
    const { rules, warnings } = propose({ services });
    expect(rules).toHaveLength(42);
    expect(warnings.at(-1)).toBe(
      'More services listen than the 40 proposed: daemon-40 listens on TCP 81, daemon-41 listens on TCP 83, daemon-42 listens on TCP 85 and 17 more.',
    );
  });

  it('are not proposed for UDP ports that may belong to clients, except known ones', () => {
    const services = [service(UDP, 51_820), service(UDP, 40_001, 'resolver'), service(UDP, 40_002)];
    expect(sentences({ services })).toEqual(['permit any source to udp port 51820', ICMP, WIDE]);
    const { warnings, wide_listeners } = propose({ services });
    expect(warnings.join()).toMatch(
      /may belong to clients.*resolver listens on UDP 40001, A process listens on UDP 40002\./,
    );
    expect(wide_listeners).toEqual([
      { ip_protocol: UDP, port: 40_001, process: 'resolver' },
      { ip_protocol: UDP, port: 40_002 },
      { ip_protocol: UDP, port: 51_820 },
    ]);
  });
});

describe('what rules in force permit', () => {
  const services = [service(TCP, 22, 'sshd')];
  const list = () => {
    const builder = new AddressListBuilder(1);
    builder.addIpv4(0xc0_00_02_00, 24);
    return { list: builder.finish() };
  };

  it.each<[string, Partial<Rule>[], boolean]>([
    ['the same match', [{ protocol: 'tcp', destination_port: 22 }], true],
    ['a wider match', [{ destination_port: '1-1000' }], true],
    ['everything', [{}], true],
    ['everything, by family', [{ source: '0.0.0.0/0' }, { source: '::/0' }], true],
    ['the only interface', [{ protocol: 'tcp', destination_port: 22, interface: 'eth0' }], true],
    ['one family', [{ source: '0.0.0.0/0' }], false],
    ['another interface', [{ protocol: 'tcp', destination_port: 22, interface: 'eth1' }], false],
    ['another protocol', [{ protocol: 'udp', destination_port: 22 }], false],
    ['a rule that expires', [{ expires_at: '2030-01-02T00:00:00Z' }], false],
    ['a deny rule', [{ action: 'deny' }], false],
  ])('%s', (_, given, isPermitted) => {
    const rules = given.map((each) => rule({ action: 'permit', source: 'any', ...each }));
    expect(sentences({ services }, { rules }).includes('permit any source to tcp port 22')).toBe(!isPermitted);
  });

  it.each(['192.0.2.0/24', '192.0.2.53', 'set:office'])('a name server in %s', (source) => {
    const rules = [rule({ action: 'permit', source })];
    const sets = new Map([['office', list()]]) as unknown as Ruleset['sets'];
    expect(sentences({}, { protectedNow: [DNS], rules, sets })).toEqual([ICMP, WIDE]);
    expect(sentences({}, { protectedNow: [DNS], rules: [], sets })).toContain('permit 192.0.2.53 to ports 32768-60999');
  });
});

describe('addresses and protocols of the network', () => {
  it('ICMPv6 is proposed with IPv6, DHCP where it is used, and otherwise what the guard wants of gateways', () => {
    const gateways = ['192.0.2.254', 'fe80::1'].map((address): Protected => ({ kind: 'gateway', address, ports: [] }));
    expect(sentences({ hasIpv6: true, usesDhcp: { ipv4: true, ipv6: false } }, { protectedNow: gateways })).toEqual([
      ICMP,
      'permit any source with icmpv6',
      'permit any source to udp port 68',
      'permit fe80::1 to udp port 546',
      WIDE,
    ]);
    expect(sentences({}, { protectedNow: gateways })).toContain('permit 192.0.2.254 to udp port 68');
  });

  it('time servers get a rule if their address is known, and a warning otherwise', () => {
    const timeServers = { addresses: ['192.0.2.123'], names: ['pool.example.org'] };
    expect(sentences({ timeServers })).toContain('permit 192.0.2.123 to udp ports 32768-60999');
    expect(propose({ timeServers }).warnings.join()).toMatch(/by name \(pool\.example\.org\)/);
  });

  it('warns about a local resolver and about forwarding', () => {
    expect(propose({ hasOnlyLocalResolvers: true }).warnings.join()).toMatch(/or DNS stops/);
    expect(propose({ forwards: true }).warnings.join()).toMatch(/forwards packets/);
  });
});

describe('open connections', () => {
  const connection = (addr: string, localPort = 40_000) => ({
    ...{ ipProtocol: TCP, localPort, addr, port: 443, process: 'curl' },
  });

  it('are examples of what stops, unless a rule in force or a proposed one permits their replies', () => {
    const connections = [connection('198.51.100.7'), connection('198.51.100.8'), connection('192.0.2.53')];
    const permitsNow: Needs['permitsNow'] = ({ source }) => source === '198.51.100.8';
    expect(propose({ connections }, { protectedNow: [DNS], permitsNow }).stopping).toEqual({
      total: 1,
      examples: [{ ip_protocol: TCP, addr: '198.51.100.7', port: 443, process: 'curl' }],
    });
  });

  it('are at most ten examples', () => {
    const connections = Array.from({ length: 30 }, (_, i) => connection(`198.51.100.${i % 20}`));
    const { total, examples } = propose({ connections }).stopping;
    expect([total, examples.length]).toEqual([30, 10]);
  });
});

describe('the wide rule', () => {
  it('is the last one, and is not proposed if a rule in force permits as much', () => {
    expect(propose({}).rules.map(({ is_wide }) => is_wide)).toEqual([false, true]);
    const rules = [rule({ action: 'permit', source: 'any', destination_port: '1024-65535' })];
    expect(propose({}, { rules })).toMatchObject({ rules: [{ is_wide: false }], wide_listeners: [] });
    // One with a condition does not permit as much.
    const some = rules.map((each) => ({ ...each, destination: '192.0.2.9' }));
    expect(propose({}, { rules: some }).rules.map(({ is_wide }) => is_wide)).toEqual([false, true]);
  });
});

it('names deny rules that the proposed rules would override', () => {
  const services = [service(TCP, 22, 'sshd')];
  const rules = [
    rule({ action: 'deny', source: '203.0.113.7' }),
    rule({ action: 'deny', source: '203.0.113.8', protocol: 'tcp', destination_port: 23 }),
    rule({ action: 'deny', source: '203.0.113.9', expires_at: '2029-01-02T00:00:00Z' }),
  ];
  const [, warning] = propose({ services }, { rules }).warnings;
  expect(warning).toBe(
    `Permit wins over deny: deny rules, such as the bans of fail2ban, have no effect on what these rules permit. Affected now: rule ${rules[0]?.id} (deny 203.0.113.7).`,
  );
});

describe('the policy deny with the proposed rules', () => {
  let fake: ReturnType<typeof fakeService>;
  beforeEach(async () => {
    fake = fakeService();
    fake.world.protected = [
      DNS,
      { kind: 'dns', address: '2001:db8::53', ports: DNS.ports },
      { kind: 'gateway', address: '192.0.2.254', ports: [] },
      { kind: 'gateway', address: 'fe80::1', ports: [] },
      { kind: 'operator', address: '203.0.113.9', ports: [22, 2222] },
      { kind: 'ssh_peer', address: '203.0.113.10', ports: [2222] },
      { kind: 'protect', address: '198.51.100.0/24', ports: [] },
    ];
    await fake.begin();
  });
  afterEach(() => fake.end());

  const permits = () => {
    const facts = { services: [service(TCP, 2222, 'sshd')], hasIpv6: true };
    const { rules } = propose(facts, { protectedNow: fake.world.protected });
    return rules.filter(({ is_wide }) => !is_wide).map(({ rule: { reason, ...each } }) => ({ ...each, reason }));
  };
  const deny = (given: ReturnType<typeof permits>) =>
    fake.service.ask(choosingPolicy({ default_policy: 'deny', permits: given as never }, ROOT));

  it('locks out no protected address, and is one change that reverts as a whole', async () => {
    expect(await rejection(deny([]))).toMatchObject({ code: 'lockout' });
    const given = permits();
    const { value, pending } = await deny(given);
    expect(value.rules).toHaveLength(given.length);
    expect(pending).toMatchObject({ why: expect.stringMatching(/default policy/) });
    expect(fake.kernel.verdict('203.0.113.77', 2222)).toMatch(/^permit/);
    expect(fake.kernel.verdict('203.0.113.77', 80)).toBe('deny');
    await fake.service.revert(ROOT);
    expect(fake.service.ruleset).toMatchObject({ defaultPolicy: 'permit', rules: [] });
    expect(fake.kernel.verdict('203.0.113.77', 80)).toBe('permit');
  });

  it('is undone in one step, with a name that counts the rules', async () => {
    await deny(permits());
    await fake.service.confirm(ROOT);
    const { last_change } = fake.service.snapshot({ enforcing: true, pinned: false });
    expect(last_change?.what).toBe(`default policy deny with ${permits().length} permit rules`);
    await fake.service.undo(ROOT);
    expect(fake.service.ruleset).toMatchObject({ defaultPolicy: 'permit', rules: [] });
  });

  it.each([DNS.address, '2001:db8::53', '203.0.113.9', '198.51.100.0/24', '192.0.2.254', 'fe80::1'])(
    'is rejected without the rule for %s',
    async (source) => {
      const given = permits().filter((each) => each.source !== source);
      expect(given.length).toBe(permits().length - 1);
      expect(await rejection(deny(given))).toMatchObject({ code: 'lockout' });
    },
  );
});
