/**
 * Ordinary traffic, made by real tools in the lab: nothing may be found in it. The long form, `pnpm test:findings`, takes
 * half an hour. Needs root.
 */
import { findingText } from '@packetlog/common';
import { expect, test } from 'vitest';
import { abTest, curlPages, monitor, startHttpServer, startRsyncServer, syncFiles } from '../e2e/ordinary-traffic.ts';
import { makeRulesPlace } from '../e2e/rules-command.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { PACKETLOG, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { isLong, note } from './results.ts';
import { sshSession, startSshServer } from './ssh.ts';

const MINUTES = Number(process.env['FINDINGS_MINUTES'] ?? (isLong ? 30 : 0.25));

interface Status {
  readonly interfaces: readonly { readonly counters: { readonly seen: number } }[];
  readonly findings?: {
    readonly open: readonly never[];
    readonly closed: readonly never[];
    readonly untracked: number;
  };
}

const suite = eachWithNetwork({ ipv6: false });

test.skipIf(!requireRoot())(
  `nothing is found in ${MINUTES} minutes of ordinary traffic`,
  { timeout: 7_200_000 },
  async () => {
    const { client, server, link } = suite.network;
    const target = link.server.ipv4;
    const place = makeRulesPlace();
    const args = ['--iface', link.server.device, '--print', 'none', '--listen', 'off'];
    const packetlog = suite.own(startPacketlog(server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const http = suite.own(await startHttpServer(server, target));
    const rsync = await startRsyncServer(server, target);
    suite.own(rsync.daemon);
    const ssh = await startSshServer(server, target);
    suite.own(ssh.daemon);
    const started = performance.now();
    const end = started + MINUTES * 60_000;
    const counts = { ab: 0, curl: 0, rsync: 0, ssh: 0, monitoring: 0, dns: 0 };
    const repeat = async (kind: keyof typeof counts, pauseMs: number, once: () => Promise<number>) => {
      while (performance.now() < end) {
        counts[kind] += await once();
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    const datagrams = [53, ...Array.from({ length: 200 }, (_, i) => 40_000 + i)];
    try {
      await Promise.all([
        repeat('ab', 20_000, () => abTest(client, target, { requests: 10_000, concurrency: 100 }).then(() => 10_000)),
        repeat('curl', 3000, () => curlPages(client, target, 50).then(() => 50)),
        repeat('rsync', 10_000, () => syncFiles(client, target, 3).then(() => 3)),
        repeat('ssh', 4000, () => sshSession(client, target, ssh).then(() => 1)),
        repeat('monitoring', 10_000, () => monitor(client, target, 1).then(() => 1)),
        repeat('dns', 2000, () => sendUdp(client, { address: target, ports: datagrams, count: 500 }).then(() => 500)),
      ]);
      const text = await server.exec(
        'env',
        `PACKETLOG_STATE_DIR=${place.directory}`,
        process.execPath,
        PACKETLOG,
        'status',
        '--json',
      );
      const { interfaces, findings } = JSON.parse(text) as Status;
      const fired = [...(findings?.open ?? []), ...(findings?.closed ?? [])].map(findingText);
      const packets = interfaces.reduce((sum, { counters }) => sum + counters.seen, 0);
      const minutes = Math.round((performance.now() - started) / 6000) / 10;
      note('ordinary', { minutes, packets, ...counts, untracked: findings?.untracked ?? 0, fired });
      expect(fired).toEqual([]);
      expect(packetlog.stderr).not.toContain('finding_opened');
      expect(packets).toBeGreaterThan(MINUTES * 1000);
    } finally {
      rsync.remove();
      ssh.remove();
      place.remove();
    }
    await http.end('SIGTERM');
    await packetlog.end();
  },
);
