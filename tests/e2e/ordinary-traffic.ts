/** Ordinary traffic, made by real tools in namespaces of the lab. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startProcess } from '../lab/process.ts';
import { until } from '../lab/until.ts';

export const HTTP_PORT = 8000;
const RSYNC_PORT = 873;
const PAGE = '/page';

/** Starts an HTTP server with one page of 20 kB, which it sends `afterMs` after a request, and keeps connections open. */
export async function startHttpServer(at: Namespace, address: string, afterMs = 0): Promise<LabProcess> {
  const script = `
    const body = 'x'.repeat(20_000);
    // Node closes a connection of HTTP/1.0 if it has to find the length itself.
    const send = (answer) => answer.writeHead(200, { 'content-length': body.length }).end(body);
    require('node:http').createServer((_, answer) => setTimeout(send, ${afterMs}, answer))
      .listen(${HTTP_PORT}, '${address}', 511, () => console.log('listening'));`;
  const server = startProcess(at, process.execPath, ['-e', script]);
  await server.untilPrinted(/listening/);
  return server;
}

/** A connection for each request, many at a time. */
export async function abTest(
  from: Namespace,
  address: string,
  { requests, concurrency }: { requests: number; concurrency: number },
): Promise<void> {
  await from.exec('ab', '-q', '-n', String(requests), '-c', String(concurrency), pageUrl(address));
}

/** Loads a page with several connections at a time. */
export async function curlPages(from: Namespace, address: string, count: number): Promise<void> {
  const urls = Array.from({ length: count }, () => pageUrl(address));
  await from.exec('curl', '-sS', '--parallel', '--parallel-max', '8', '--no-keepalive', '-o', '/dev/null', ...urls);
}

/** Starts rsync as a daemon that serves a directory with some files. */
export async function startRsyncServer(at: Namespace, address: string) {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-rsync-'));
  for (let i = 0; i < 20; i++) writeFileSync(join(directory, `file${i}`), 'x'.repeat(50_000));
  const settings = join(directory, 'rsyncd.conf');
  const module = `[files]\npath = ${directory}\nread only = yes\nuse chroot = no\nuid = 0\ngid = 0\n`;
  writeFileSync(settings, `pid file = ${directory}/pid\nlog file = ${directory}/log\n${module}`);
  const args = ['--daemon', '--no-detach', `--address=${address}`, `--port=${RSYNC_PORT}`, `--config=${settings}`];
  const daemon = startProcess(at, 'rsync', args);
  const answers = () =>
    at.exec('rsync', `rsync://${address}:${RSYNC_PORT}/`).then(
      () => true,
      () => false,
    );
  await until(answers, { what: 'rsync to answer' });
  return { daemon, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Copies those files several times. */
export async function syncFiles(from: Namespace, address: string, times: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-copy-'));
  try {
    for (let i = 0; i < times; i++) {
      await from.exec('rsync', '-a', '--ignore-times', `rsync://${address}:${RSYNC_PORT}/files/`, directory);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a monitoring system does each time: ping, the page, and ports that are open or closed. */
export async function monitor(from: Namespace, address: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await from.exec('curl', '-sS', '-o', '/dev/null', pageUrl(address));
    for (const port of [22, 25, 443, 5432, 9100]) {
      // Closed ports: curl exits with 7.
      await from.exec('curl', '-sS', '--max-time', '2', `http://${address}:${port}/`).catch(() => undefined);
    }
    await from.exec('nmap', '-sn', '-n', '-PE', '--send-ip', address);
  }
}

export function pageUrl(address: string): string {
  return `http://${address}:${HTTP_PORT}${PAGE}`;
}
