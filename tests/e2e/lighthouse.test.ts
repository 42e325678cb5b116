/** Accessibility and best practices by Lighthouse; the benchmark measures speed. Needs root and chromium. */
import { expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { eachWithDashboard } from './dashboard.ts';
import { lighthouse } from './lighthouse.ts';

const suite = eachWithDashboard();

test.skipIf(!requireRoot())(
  'the live page passes every Lighthouse audit of accessibility and best practices',
  async () => {
    const { server, client, link } = suite.network;
    const { packetlog, url } = await suite.start();
    await sendUdp(client, { address: link.server.ipv4, count: 50, ports: [53, 443] });
    const { scores, failed } = await lighthouse(server, url, ['accessibility', 'best-practices']);
    expect(failed).toEqual([]);
    expect(scores).toEqual({ accessibility: 1, 'best-practices': 1 });
    await packetlog.end();
  },
  300_000,
);
