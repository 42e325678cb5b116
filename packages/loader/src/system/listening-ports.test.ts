import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listeningPorts } from './listening-ports.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-tables-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (address: string, port: number, state: string) =>
  `   0: ${address}:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state} 0:0 0:0 0 0 0 7`;
const write = (name: string, ...lines: string[]) =>
  writeFileSync(join(directory, name), `${[HEAD, ...lines].join('\n')}\n`);

it('finds the ports of each protocol once, without those of the loopback interface', () => {
  const any6 = '0'.repeat(32);
  write('tcp', line('00000000', 443, '0A'), line('0100007F', 5432, '0A'), line('0A00000A', 22, '01'));
  write('tcp6', line(any6, 443, '0A'), line(any6, 22, '0A'), line(`${'0'.repeat(24)}01000000`, 631, '0A'));
  write('udp', line('3500007F', 53, '07'), line('00000000', 53, '07'));
  expect(listeningPorts(directory)).toEqual([
    { ipProtocol: 6, port: 22 },
    { ipProtocol: 6, port: 443 },
    { ipProtocol: 17, port: 53 },
  ]);
});

it('finds nothing without tables', () => {
  expect(listeningPorts(join(directory, 'none'))).toEqual([]);
});
