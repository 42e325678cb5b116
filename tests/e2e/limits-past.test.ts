// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** A dry run of limits over recorded packets, against the limits that the kernel applied to the same packets. Needs root. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PastDryRunReport, RuleDraft } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ethernet, ipv4, tcp, udp } from '../lab/frame.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { done, listed, makeRulesPlace, type RulesPlace, rules, rulesDone, startEnforcing } from './rules-command.ts';
import { eachWithNetwork } from './suite.ts';

const BURST = 20;
const SOURCES = 30;
/** The kernel's time is early by up to a tick of at most 10 ms, and cells round: a packet per bucket. */
const ROUNDING = 1;
const LIMITS: readonly RuleDraft[] = [
  { action: 'limit', source: 'any', protocol: 'udp', destination_port: 7001, rate: `${BURST}/h`, then: 'block:10m' },
  { action: 'limit', source: 'any', protocol: 'udp', destination_port: 7002, rate: `${BURST}/h` },
  { action: 'limit', source: 'any', protocol: 'tcp', rate: '5/h', measure: 'ports', per: 'source/24' },
  { action: 'limit', source: 'any', protocol: 'udp', destination_port: 7003, rate: `${BURST}/s` },
];

describe.skipIf(!requireRoot())('a dry run of limits over the past', () => {
  const suite = eachWithNetwork({ ipv6: false });
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  test('says what the kernel said of the same packets, and lets a limit be enforced', async () => {
    const { client, server, link } = suite.network;
    const record = join(place.directory, 'record');
    const quiet = ['--print', 'none', '--sample', 'off', '--record-dir', record, '--pin', 'never'];
    const loader = suite.own(await startEnforcing(server, place, ...quiet));
    await loader.untilPrinted(/Waiting for Ctrl-C/);
    for (const rule of LIMITS) await done(place, 'add', { rule });

    const dst = link.server.ipv4;
    const source = (i: number) => `192.0.2.${1 + (i % SOURCES)}`;
    const each = 2 * BURST;
    const datagrams = (port: number) =>
      Array.from({ length: SOURCES * each }, (_, i) => ethernet(ipv4({ src: source(i), dst }, udp({ dst: port }))));
    const scan = Array.from({ length: 40 }, (_, i) =>
      ethernet(ipv4({ src: source(i), dst }, tcp({ dst: 1 + (i % 20) }))),
    );
    const frames = [...datagrams(7001), ...datagrams(7002), ...scan];
    expect((await sendFrames(link.client, frames)).sent).toBe(frames.length);
    // Longer than the time of the rate.
    const steady = { address: dst, count: 300, ports: [7003], perSecond: 100 };
    expect((await sendUdp(client, steady)).sent).toBe(steady.count);

    const expected = [SOURCES * each, SOURCES * each, scan.length, steady.count];
    const inKernel = await until(
      async () => {
        const limits = (await listed(place)).rules;
        return (
          limits.every(({ packets }, i) => packets === expected[i]) && limits.map((rule) => rule.over_packets ?? 0)
        );
      },
      { what: 'all packets of the limits' },
    );
    const file = place.path('limits.json');
    writeFileSync(file, JSON.stringify({ version: 1, rules: LIMITS }));
    const replayed = await until(
      async () => {
        const json = await rulesDone(server, place, 'dry-run', file, '--from', '-1h', '--json');
        const { limits = [] } = JSON.parse(json) as PastDryRunReport;
        return limits.every(({ seen }, i) => seen === expected[i]) && limits;
      },
      { what: 'all packets in the recording' },
    );
    const [blocked = 0, cells = 0, ports = 0, steadily = 0] = inKernel;
    const [past1, past2, past3, past4] = replayed;
    // Without cells, both have the same buckets.
    expect(past1).toMatchObject({ over: blocked, buckets: SOURCES, not_evaluated: 0, is_upper_estimate: false });
    expect(past1?.over).toBe(SOURCES * BURST);
    expect(past3).toMatchObject({ over: ports, buckets: 1, by_bucket: [{ bucket: '192.0.2.0/24', over: ports }] });
    // A cell passes up to half of a burst more of each bucket.
    expect(past2?.over).toBe(SOURCES * BURST);
    expect(cells).toBeLessThanOrEqual(past2?.over ?? 0);
    expect(cells).toBeGreaterThanOrEqual((past2?.over ?? 0) - SOURCES * (BURST / 2 + ROUNDING));
    expect(steadily).toBeGreaterThan(0);
    expect(steadily).toBeLessThanOrEqual((past4?.over ?? 0) + ROUNDING);
    expect(steadily).toBeGreaterThanOrEqual((past4?.over ?? 0) - BURST / 2 - BURST * 0.01 * 10);

    // A limit with other numbers, which was tried over the past only.
    const other = ['limit', 'any', '--protocol', 'udp', '--port', '7001', '--rate', '5/h', '--per', 'source/24'];
    const untried = await rules(server, place, 'add', ...other, '--enforce');
    expect([untried.code, untried.stderr]).toEqual([2, expect.stringContaining('No dry run has shown')]);
    const text = await rulesDone(server, place, 'dry-run', '--add', other.join(' '), '--from', '-1h');
    expect(text).toContain('5 packets/h per source (/24, IPv6 /64) [observing]');
    expect(text).toContain('1,195 of 1,200 would have been over (99.6 %), from 1 bucket, first at ');
    expect(text).toMatch(/1,195 {2}192\.0\.2\.0\/24/);
    expect(text).toContain('For an hour, these limits may be enforced');
    const enforced = await rulesDone(server, place, 'add', ...other, '--enforce');
    expect(enforced).toMatch(
      /now denies what is over its limit: of 1,200 packets in .*, 1,195 \(100 %\) would have been over/,
    );
    await done(place, 'revert', {});

    const proposed = startPacketlog(server, { args: ['limits', 'propose', '--from', '-1h', '--json'], env: place.env });
    expect(await proposed.exited).toEqual({ code: 0, signal: null });
    const { proposals } = JSON.parse(proposed.stdout) as { proposals: { rule: RuleDraft; sources: number }[] };
    // 40 datagrams of each source, all in one or two seconds.
    const of7001 = proposals.find(({ rule }) => rule.destination_port === 7001);
    expect(of7001).toMatchObject({
      rule: { protocol: 'udp', reason: 'proposed' },
      sources: SOURCES,
      dry_run: { over: 0 },
    });
    // The ports that were only scanned are no services.
    expect(proposals.filter(({ rule }) => rule.protocol === 'tcp')).toEqual([]);
    expect(await loader.end('SIGINT')).toEqual({ code: 0, signal: null });
  });
});
