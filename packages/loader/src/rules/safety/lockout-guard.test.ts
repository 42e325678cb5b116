import type { Rule } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { compile, NOW_MS, rule } from '../../../test/support/compile-fixture.ts';
import { EMPTY_RULESET } from '../ruleset/ruleset.ts';
import { lockedOut, type RulesetImage } from './lockout-guard.ts';
import type { Protected } from './protected-sources.ts';

const PEER: Protected = { kind: 'ssh_peer', address: '203.0.113.7', ports: [22], to: ['192.0.2.1'] };
const DNS: Protected = { kind: 'dns', address: '203.0.113.53', ports: [40_000] };
const LISTED: Protected = { kind: 'protect', address: '203.0.113.0/24', ports: [] };
const GATEWAY: Protected = { kind: 'gateway', address: '203.0.113.254', ports: [] };

function ruleset(rules: readonly Rule[], defaultPolicy: 'permit' | 'deny' = 'permit'): RulesetImage {
  const { image } = compile(rules, { policy: defaultPolicy });
  const shared = new SharedArrayBuffer(image.length);
  new Uint8Array(shared).set(image);
  return { ruleset: { ...EMPTY_RULESET, rules, defaultPolicy }, image: shared };
}
const NOTHING: RulesetImage = { ruleset: EMPTY_RULESET, image: undefined };
const kinds = (after: RulesetImage, before = NOTHING) =>
  lockedOut(before, after, [PEER, DNS, LISTED, GATEWAY], [1], NOW_MS).map(({ kind }) => kind);
const tcp = { protocol: 'tcp' } as const;

describe('rules with conditions', () => {
  it.each<[string, Partial<Rule>, Protected['kind'][]]>([
    ['new connections', { ...tcp, tcp_flags: 'syn,!ack' }, ['ssh_peer', 'protect']],
    ['open connections', { ...tcp, tcp_flags: 'ack,!syn' }, ['ssh_peer', 'dns', 'protect']],
    ['answers that open connections', { ...tcp, tcp_flags: 'syn,ack' }, ['dns']],
    ['data', { ...tcp, tcp_flags: 'psh' }, ['ssh_peer', 'dns', 'protect']],
    ['NULL scans', { ...tcp, tcp_flags: 'none' }, []],
    ['Christmas tree scans', { ...tcp, tcp_flags: 'fin,psh,urg' }, []],
    ['later fragments', { fragment: true }, []],
    ['large frames', { length: '1400-65535' }, ['ssh_peer', 'dns', 'protect']],
    ['large frames of UDP', { length: '1400-65535', protocol: 'udp' }, ['protect']],
    ['frames of a length between those that are usual', { length: 900, protocol: 'icmp' }, ['protect', 'gateway']],
    ['frames that are shorter than any of TCP', { length: '0-41' }, []],
    ['long frames that open connections, which are none', { ...tcp, tcp_flags: 'syn', length: '500-1000' }, []],
    ['the address to which a peer is connected', { destination: '192.0.2.1', ...tcp }, ['ssh_peer', 'dns', 'protect']],
    ['another address of this machine', { destination: '192.0.2.2', ...tcp }, ['dns', 'protect']],
  ])('that deny %s', (_, match, expected) => {
    expect(kinds(ruleset([rule('deny', 'any', match)]))).toEqual(expected);
  });

  it('that permit only a part lock out, where the rest is denied', () => {
    const opening = rule('permit', 'any', { ...tcp, tcp_flags: 'syn' });
    const data = rule('permit', 'any', { ...tcp, tcp_flags: '!syn' });
    const peer = (rules: readonly Rule[]) => lockedOut(NOTHING, ruleset(rules, 'deny'), [PEER], [1], NOW_MS);
    expect(peer([opening])).toEqual([PEER]);
    expect(peer([opening, data])).toEqual([]);
    expect(peer([rule('permit', 'any', { ...tcp, destination: '192.0.2.1' })])).toEqual([]);
    expect(peer([rule('permit', 'any', { ...tcp, destination: '192.0.2.2' })])).toEqual([PEER]);
  });

  it('that denied a part before do not hide that the rest is denied now', () => {
    const before = ruleset([rule('deny', '203.0.113.7', { ...tcp, tcp_flags: 'ack' })]);
    expect(kinds(ruleset([rule('deny', '203.0.113.7', tcp)]), before)).toEqual(['ssh_peer', 'protect']);
  });
});
