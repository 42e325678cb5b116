import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EXIT } from '../errors/exit-codes.ts';
import { packetlogCommand } from './command-line.ts';

const UNIT = readFileSync(new URL('../../../../docs/packetlog.service', import.meta.url), 'utf8');
const settingOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1] ?? '';

it('the example of a systemd unit runs an existing command with valid options', () => {
  const [, name, ...args] = settingOf('ExecStart').split(' ');
  const command = packetlogCommand(() => {}).commands.find((each) => each.name() === name);
  expect(command?.parseOptions(args)).toEqual({ operands: [], unknown: [] });
  expect(command?.opts()).toMatchObject({ iface: ['eth0'], print: 'none' });
});

it('it restarts only after exit codes that a restart can resolve', () => {
  const final = [EXIT.usage, EXIT.busy, EXIT.privilege, EXIT.unsupported];
  expect(settingOf('RestartPreventExitStatus').split(' ').map(Number)).toEqual(final);
});
