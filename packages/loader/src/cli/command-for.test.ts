import { expect, it } from 'vitest';
import { commandFor, LOADED_ALONE } from './command-for.ts';
import { packetlogCommand } from './command-line.ts';

it.each([...LOADED_ALONE])('%s alone is the command that is among all', async (name) => {
  const helpOf = ({ commands }: { commands: readonly { name(): string; helpInformation(): string }[] }) =>
    commands.find((each) => each.name() === name)?.helpInformation();
  const program = await commandFor([name], () => {});
  expect(program.commands.map((each) => each.name())).toEqual([name]);
  expect(helpOf(program)).toBe(helpOf(packetlogCommand(() => {})));
  expect(helpOf(program)).toContain(`packetlog ${name}`);
});

it.each([[], ['--help'], ['help', 'bans'], ['run'], ['unknown']])('all commands are there for: %s', async (...args) => {
  const { commands } = await commandFor(args, () => {});
  expect(commands).toHaveLength(packetlogCommand(() => {}).commands.length);
});
