import { expect, it } from 'vitest';
import { packetlogCommand } from '../command-line.ts';
import { unknownCommand } from './unknown-command.ts';

const COMMANDS = packetlogCommand(() => {}).commands.map((command) => command.name());

it.each([
  ['rnu', "error: unknown command 'rnu'. Did you mean 'run'?"],
  ['captur', "error: unknown command 'captur'. Did you mean 'capture'?"],
  ['rule', "error: unknown command 'rule'. Did you mean 'rules'?"],
  ['frobnicate', "error: unknown command 'frobnicate'"],
  ['\u001b[2J', String.raw`error: unknown command '\x1b[2J'`],
  ['eth0', 'error: interfaces are named with an option: packetlog --iface eth0'],
])('%j: %s', (word, sentence) => {
  expect(unknownCommand(word, COMMANDS, (name) => name === 'eth0')).toBe(sentence);
});

it.each([[['rnu']], [['run', 'rnu']], [['--print', 'none', 'rnu']]])(
  '%j is a usage error that says so',
  async (words) => {
    const said: string[] = [];
    const program = packetlogCommand(() => {});
    for (const command of [program, ...program.commands])
      command.configureOutput({ writeErr: (text) => said.push(text) });
    await expect(program.parseAsync(['node', 'packetlog', ...words])).rejects.toMatchObject({ exitCode: 1 });
    expect(said.join('')).toMatch(/^error: unknown command 'rnu'\. Did you mean 'run'\?\n/);
  },
);
