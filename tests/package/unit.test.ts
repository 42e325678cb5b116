/** What the package installs for systemd. systemd itself does not run here: its tools read the files. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));
const UNIT = readFileSync(file('systemd/packetlog.service'), 'utf8');
const settingOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1] ?? '';

test.each([
  ['packetlog.service', 2],
  ['packetlog-server.service', 1.5],
  ['packetlog-hub.service', 1.5],
])('%s is exposed by at most %d of 10, as systemd-analyze counts', (name, most) => {
  const path = file(`systemd/${name}`);
  const report = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', path], {
    encoding: 'utf8',
  });
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(report) ?? [];
  expect(Number(exposure)).toBeLessThanOrEqual(most);
});

test('the variables that the unit of a hub sets are those of the command', () => {
  const unit = readFileSync(file('systemd/packetlog-hub.service'), 'utf8');
  const help = execFileSync(process.execPath, [BIN, 'hub', 'serve', '--help'], { encoding: 'utf8' });
  const variables = Array.from(unit.matchAll(/PACKETLOG_\w+/g), ([name]) => name);
  expect(variables.length).toBeGreaterThan(2);
  for (const variable of variables) expect(help).toMatch(new RegExp(`\\b${variable}\\)`));
});

test('the units have no line that systemd rejects', () => {
  const paths = ['packetlog', 'packetlog-server', 'packetlog-hub'].map((name) => file(`systemd/${name}.service`));
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
  // The package is not installed here.
  const complaints = stderr
    .split('\n')
    .filter((line) => line !== '' && !/(packetlog|bin\/node) is not executable|Failed to (open|create)/.test(line));
  expect(complaints).toEqual([]);
});

test('only the server may open network sockets, and it has no capability', () => {
  const server = readFileSync(file('systemd/packetlog-server.service'), 'utf8');
  expect(settingOf('RestrictAddressFamilies')).not.toMatch(/INET/);
  expect(server).toMatch(/^CapabilityBoundingSet=$/m);
  expect(server).toMatch(/^User=packetlog-server$/m);
});

test('the unit starts before the network, needs nothing that may need the network, and can be switched off at boot', () => {
  expect(settingOf('Before')).toMatch(/\bnetwork-pre\.target\b/);
  expect(settingOf('Wants')).toBe('network-pre.target');
  // cloud-init configures the network before sysinit.target: waiting for it would be a cycle.
  expect(settingOf('DefaultDependencies')).toBe('no');
  expect(settingOf('After')).not.toMatch(/sysinit|basic|network/);
  expect(settingOf('ConditionKernelCommandLine')).toBe('!packetlog.off');
});

test('the variables that the unit sets are those of the command', () => {
  const help = execFileSync(process.execPath, [BIN, 'run', '--help'], { encoding: 'utf8' });
  const variables = settingOf('Environment')
    .split(' ')
    .map((each) => each.split('=')[0] ?? '');
  expect(variables.length).toBeGreaterThan(0);
  for (const variable of variables) expect(help).toMatch(new RegExp(`\\b${variable}\\)`));
});

test('the settings that are installed are valid', () => {
  expect(JSON.parse(readFileSync(file('packetlog.json'), 'utf8'))).toEqual({ record: 'on' });
});

test('the unit is not restarted where that mends nothing, but where an interface is missing or the machine is at fault', () => {
  const help = execFileSync(process.execPath, [BIN, '--help'], { encoding: 'utf8' });
  const codeOf = (meaning: RegExp) => Number(new RegExp(`^ +(\\d+) +${meaning.source}`, 'm').exec(help)?.[1]);
  const final = [/wrong option/, /another XDP program/, /not root/, /the kernel or a library lacks/].map(codeOf);
  expect(settingOf('RestartPreventExitStatus').split(' ').map(Number)).toEqual(final);
  expect(settingOf('Restart')).toBe('always');
});
