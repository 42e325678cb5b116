/** Which hubs a node dials, and what it does without one. Needs root. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { eachWithNetwork } from '../e2e/suite.ts';
import { untilArrived } from '../lab/arrival.ts';
import { type CertificatePlace, makeCertificatePlace } from '../lab/certificate.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { removeFleetDirectories, startHub, startNode } from '../support/fleet.ts';

const PORT = 4711;

describe.skipIf(!requireRoot())('a node', () => {
  const suite = eachWithNetwork();
  let certificates: CertificatePlace | undefined;
  afterEach(() => {
    certificates?.remove();
    certificates = undefined;
    removeFleetDirectories();
  });

  /** Runs a command in the server's namespace. */
  async function command(args: readonly string[], state?: string) {
    const env = state === undefined ? {} : { PACKETLOG_STATE_DIR: state };
    const running = suite.own(startPacketlog(suite.network.server, { args, env }));
    const { code } = await running.exited;
    return { code, stdout: running.stdout, stderr: running.stderr };
  }

  test('starts and enforces its rules without its hub, and says what is wrong', async () => {
    const { client, server, link } = suite.network;
    const receiver = await receiveUdp(server, link.server.ipv4, PORT);
    const node = await startNode(suite, link.server, [{ url: 'http://127.0.0.1:9' }]);
    const rule = ['rules', 'add', 'deny', link.client.ipv4, '--protocol', 'udp', '--port', String(PORT)];
    const added = await command(rule, node.state);
    expect(added.code, added.stderr).toBe(0);
    await node.process.end('SIGTERM');
    const again = await startNode(suite, link.server, [{ url: 'http://127.0.0.1:9' }], { state: node.state });
    await sendUdp(client, { address: link.server.ipv4, ports: [PORT], count: 10 });
    await untilArrived(link.server, 10);
    expect((await receiver.received()).received).toBe(0);
    await again.process.untilPrinted(/nothing listens there\. Start the hub/);
    const { stdout } = await command(['status'], node.state);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'http://127.0.0.1:9, not heard since the start; nothing listens there.',
    );
  });

  test('is not started with a hub without TLS elsewhere, or options that do not fit', async () => {
    const run = ['run', '--iface', 'server0', '--print', 'none', '--ui', 'off'];
    const rejected = async (...args: string[]) => {
      const { code, stderr } = await command([...run, ...args]);
      expect(code, stderr).toBe(2);
      return stderr;
    };
    expect(await rejected('--hub', 'http://192.0.2.1:7412')).toContain('write https://');
    expect(await rejected('--hub', 'https://hub.example', '--hub-token', 'x')).toContain('packetlog hub join-token');
    expect(await rejected('--hub-ca', '/none')).toContain('--hub is missing');
    expect(await rejected('--hub', 'https://hub.example', '--hub-ca', '/none')).toContain('no such file');
    expect(await rejected('--hub', 'https://hub.example', '--listen', 'off')).toContain('--listen off');
    expect(await rejected('--hub', 'https://hub.example', '--node-name', '-')).toContain('small letters');
  });

  test('dials only a hub whose certificate it was told to trust', async () => {
    const { server, link } = suite.network;
    certificates = makeCertificatePlace();
    const own = await certificates.make('hub', 'DNS:localhost,IP:127.0.0.1');
    const other = await certificates.make('other', 'DNS:localhost,IP:127.0.0.1');
    const hub = await startHub(suite, server, { args: ['--tls-cert', own.cert, '--tls-key', own.key] });
    const fingerprint = (path: string) => `sha256/${new X509Certificate(readFileSync(path)).fingerprint256}`;
    const token = await hub.joinToken('--uses', '5');
    for (const [args, problem] of [
      [[], /no trusted authority signed its TLS certificate/],
      [['--hub-ca', other.cert], /no trusted authority signed its TLS certificate/],
      [['--hub-fingerprint', fingerprint(other.cert)], /which --hub-fingerprint does not name/],
    ] as const) {
      const node = await startNode(suite, link.server, [hub], { token, args });
      await node.process.untilPrinted(problem);
      await node.process.end('SIGTERM');
    }
    const answer = await hub.ask('nodes', {});
    expect(answer.ok && answer.value.nodes).toEqual([]);
    for (const [name, args] of [
      ['web1', ['--hub-ca', own.cert]],
      ['web2', ['--hub-fingerprint', fingerprint(own.cert)]],
    ] as const) {
      const node = await startNode(suite, link.server, [hub], { token, args, name });
      await hub.untilNodes((nodes) => nodes.some((each) => each.name === name && each.report), `a report of ${name}`);
      await node.process.end('SIGTERM');
    }
  });
});
