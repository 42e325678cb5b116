/** The real loader over TLS: clients, capture, a browser, and certificates that change. Needs root and chromium. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type PacketLogClient } from '@packetlog/client';
import { noticeSchema } from '@packetlog/common';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CertificatePlace, type MadeCertificate, makeCertificatePlace } from '../lab/certificate.ts';
import {
  LAB_ADMIN_TOKEN,
  LAB_TOKEN,
  type LabProcess,
  PACKETLOG,
  startPacketlog,
  startProcess,
} from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { exact } from './chromium.ts';
import { ADMIN_TOKEN, eachWithDashboard, TOKEN } from './dashboard.ts';

const LOCAL = 'DNS:localhost,IP:127.0.0.1';
/** Packets to this port are sent until the subscription is in place. */
const EARLY_PORT = 53;
/** What the client needs to say about its end, besides the token. */
const tokens = { token: TOKEN, adminToken: ADMIN_TOKEN };

describe.skipIf(!requireRoot())('with TLS', () => {
  const suite = eachWithDashboard();
  let place: CertificatePlace;
  let used: MadeCertificate;
  let clients: PacketLogClient[] = [];
  beforeEach(async () => {
    place = makeCertificatePlace();
    used = { cert: join(place.directory, 'used.crt'), key: join(place.directory, 'used.key') };
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    clients = [];
    place.remove();
  });

  const tls = () => ['--tls-cert', used.cert, '--tls-key', used.key];
  const use = ({ cert, key }: MadeCertificate) => {
    copyFileSync(cert, used.cert);
    copyFileSync(key, used.key);
  };
  const pem = ({ cert }: MadeCertificate) => readFileSync(cert, 'utf8');
  const client = async (url: string, trust: { ca?: string; certificate?: string }) => {
    const connected = await connect(url, { ...tokens, ...trust });
    clients.push(connected);
    return connected;
  };

  test('clients check the certificate; SIGHUP replaces it while a client stays connected; a bad pair changes nothing', async () => {
    const { link, client: sender } = suite.network;
    const [first, second] = [await place.make('first', LOCAL), await place.make('second', LOCAL)];
    use(first);
    const { packetlog, port } = await suite.start(...tls());
    const url = `https://localhost:${port}`;
    expect(packetlog.stderr).toContain(`Dashboard: https://127.0.0.1:${port}/ (its URL`);
    expect(packetlog.stderr).not.toMatch(/warning/i);

    await expect(client(url, {})).rejects.toThrow(
      `The certificate of ${url} is not accepted: self-signed certificate. Pass its authority as ca,`,
    );
    await expect(client(url, { certificate: pem(second) })).rejects.toThrow('is not accepted');
    await client(url, { certificate: pem(first) });
    const staying = await client(url, { ca: pem(first) });
    const rows = staying.packets();
    let [early, received] = [0, 0];
    const reading = (async () => {
      for await (const batch of rows) {
        for (let row = 0; row < batch.length; row++) {
          if (batch.dstPort(row) === EARLY_PORT) early++;
          else received++;
        }
      }
    })();
    const watching = io(url, { transports: ['websocket'], auth: { token: TOKEN }, ca: pem(first) });
    const notices: string[] = [];
    watching.on('notice', (notice) => notices.push(noticeSchema.parse(notice).message));

    try {
      const subscribed = async () => {
        await sendUdp(sender, { address: link.server.ipv4, count: 1, ports: [EARLY_PORT] });
        return early > 0;
      };
      await until(subscribed, { what: 'the subscription' });
      await sendUdp(sender, { address: link.server.ipv4, count: 50 });
      await until(() => received === 50, { what: 'rows over TLS', evidence: () => `${received}` });

      use(second);
      process.kill(packetlog.pid, 'SIGHUP');
      await packetlog.untilPrinted(/The TLS certificate was read again/);
      // The core has read it; the server process gets it by a message.
      const isReplaced = () =>
        client(url, { ca: pem(second) }).then(
          () => true,
          () => false,
        );
      await until(isReplaced, { what: 'the new certificate' });
      await expect(client(url, { ca: pem(first) })).rejects.toThrow('is not accepted');
      await sendUdp(sender, { address: link.server.ipv4, count: 30 });
      await until(() => received === 80, { what: 'rows over the old connection', evidence: () => `${received}` });
      expect(rows.interruptions).toBe(0);

      writeFileSync(used.cert, readFileSync(first.cert));
      process.kill(packetlog.pid, 'SIGHUP');
      await until(() => notices.find((notice) => notice.includes('does not belong')), { what: 'a notice' });
      expect(notices.at(-1)).toBe(
        `use the TLS key ${used.key}: it does not belong to the certificate in ${used.cert}. Give the files of one pair. The certificate read before stays in use.`,
      );
      await packetlog.untilPrinted(/The certificate read before stays in use/);
      await client(url, { ca: pem(second) });
    } finally {
      watching.disconnect();
      await rows.return();
      await reading;
    }
    await packetlog.end();
  });

  test('the dashboard is live in a browser, and connects only to its own origin', async () => {
    const { link, client: sender } = suite.network;
    use(await place.make('page', LOCAL));
    const { packetlog, port, look } = await suite.start(...tls());
    // Chromium has no list of authorities that the test could extend; clients check certificates in the test above.
    const { page, problems } = await suite.open(`https://localhost:${port}/${look}`, { ignoreHTTPSErrors: true });
    await sendUdp(sender, { address: link.server.ipv4, count: 40 });
    await until(async () => (await exact(page, 'total-seen')) === 40, { what: 'the packets on the page' });
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('commands on the same machine use it, whatever names the certificate has', async () => {
    const { server, link, client: sender } = suite.network;
    use(await place.make('named', 'DNS:web-1.example'));
    const env = { PACKETLOG_STATE_DIR: join(place.directory, 'state') };
    const listen = ['--listen', '0.0.0.0:7411', '--iface', link.server.device, '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args: [...listen, ...tls()], env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    expect(packetlog.stderr).toContain('Dashboard: https://web-1.example:7411/');
    expect(packetlog.stderr).not.toMatch(/warning/i);
    const command = (...args: string[]) =>
      suite.own(startProcess(server, process.execPath, [PACKETLOG, ...args], { ...env, PACKETLOG_MODE: undefined }));
    const url = command('url');
    expect((await url.exited).code).toBe(0);
    expect(url.stdout).toContain(`https://web-1.example:7411/#token=${LAB_TOKEN}&admin_token=${LAB_ADMIN_TOKEN}`);

    const file = join(place.directory, 'capture.ndjson');
    const capture: LabProcess = command('capture', '--iface', link.server.device, '-w', file, '--count', '20');
    await capture.untilPrinted(/Recording from the running packetlog[\s\S]*Waiting for Ctrl-C/);
    // The subscription may still be on its way.
    const sending = setInterval(() => void sendUdp(sender, { address: link.server.ipv4, count: 5 }), 200);
    try {
      expect((await capture.exited).code).toBe(0);
    } finally {
      clearInterval(sending);
    }
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(20);
    await packetlog.end();
  });

  test('files that cannot be used end the start; without TLS an exposed address is warned about', async () => {
    const { server, link } = suite.network;
    const [one, two] = [await place.make('one', LOCAL), await place.make('two', LOCAL)];
    const start = (...args: string[]) => {
      const fixed = ['--iface', link.server.device, '--print', 'none', '--ui', 'off'];
      return suite.own(startPacketlog(server, { args: [...fixed, ...args] }));
    };
    const fails = async (...args: string[]) => {
      const packetlog = start(...args);
      return `${(await packetlog.exited).code} ${packetlog.stderr.trim()}`;
    };
    expect(await fails('--tls-cert', one.cert)).toBe(
      '2 packetlog: use --tls-cert: --tls-key is missing. Give both, or none for plain HTTP.',
    );
    expect(await fails('--tls-cert', one.cert, '--tls-key', two.key)).toContain(
      `2 packetlog: use the TLS key ${two.key}: it does not belong to the certificate in ${one.cert}.`,
    );
    expect(await fails('--listen', 'off', '--tls-cert', one.cert, '--tls-key', one.key)).toContain(
      '2 packetlog: serve TLS: with --listen off there is no server.',
    );
    const plain = start('--listen', '0.0.0.0:7411');
    await plain.untilPrinted(/Waiting for Ctrl-C/);
    expect(plain.stderr).toContain('over plain HTTP. Use --tls-cert and --tls-key, or a TLS proxy.');
    await plain.end();
  });
});
