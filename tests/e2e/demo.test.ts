/** `packetlog demo`: shows traffic, and leaves nothing behind. Needs root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { discrepancies, readJsonOutput } from './console-output.ts';

const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));

/** Namespaces and directories of one demo; others may run on this machine. */
function placesOf({ pid }: ChildProcess): string[] {
  const all = [...readdirSync('/run/netns'), ...readdirSync(tmpdir())];
  return all.filter((place) => place.startsWith(`packetlog-demo-${pid}-`));
}

function startDemo(...args: string[]) {
  const child = spawn(process.execPath, [BIN, 'demo', '--listen', 'off', '--print', 'json', ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => {
    output.stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    output.stderr += text.toString();
  });
  return { child, output };
}

describe.skipIf(!requireRoot())('packetlog demo', () => {
  test('shows TCP, UDP, ICMP, IPv6 and a scan from several hosts, and removes its network', async () => {
    const { child, output } = startDemo();
    try {
      const has = (pattern: RegExp) => pattern.test(output.stdout);
      const lively = [
        /"src_addr":"192.0.2.21".*"ip_protocol":6,/,
        /"src_addr":"198.51.100.53".*"dst_port":53,.*"ip_protocol":17,/,
        /"dst_port":2048,.*"ip_protocol":1,/,
        /"src_addr":"2001:db8::\w+".*"ether_type":34525,/,
        /"src_addr":"203.0.113.66".*"tcp_flags":2,/,
      ];
      await until(() => lively.every(has), { what: 'all kinds of traffic', evidence: () => output.stderr });
      expect(placesOf(child).length).toBeGreaterThan(1);
      const closed = once(child, 'close');
      child.kill('SIGINT');
      expect(await closed).toEqual([0, null]);
      const { records, ledger } = readJsonOutput(output.stdout);
      expect(discrepancies(ledger)).toEqual([]);
      expect(ledger.interfaces['eth0']?.seen).toBe(records.length + ledger.delivered.dropped);
      expect(placesOf(child)).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('ends after the time of --for', async () => {
    const { child, output } = startDemo('--for', '1');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output.stdout).toContain('{"ledger":');
  });

  test('removes what a killed demo left behind', async () => {
    const killed = startDemo();
    await until(() => killed.output.stdout !== '', { what: 'a packet' });
    const closed = once(killed.child, 'exit');
    killed.child.kill('SIGKILL');
    await closed;
    expect(placesOf(killed.child).length).toBeGreaterThan(1);
    const next = startDemo('--for', '1');
    await once(next.child, 'close');
    expect(placesOf(killed.child)).toEqual([]);
  });
});
