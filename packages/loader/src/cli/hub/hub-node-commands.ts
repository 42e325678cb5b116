/** Defines the commands about nodes and join tokens of `packetlog hub`. */
import { type Command, Option } from 'commander';
import { countFromOne } from '../options/values.ts';
import { groupName, nodeName, tokenSeconds, withJson, withPlace } from './hub-command-options.ts';
import { type Done, runVerb } from './run-verb.ts';

export function addNodeCommands(hub: Command, done: Done): void {
  withPlace(
    hub
      .command('join-token')
      .description('print a token with which nodes join: packetlog run --hub URL --hub-token TOKEN')
      .addOption(
        new Option('--for <time>', 'time until it expires, such as 1h or 7d')
          .argParser(tokenSeconds)
          .default(3600, '1h'),
      )
      .addOption(new Option('--uses <n>', 'number of nodes that may join with it').argParser(countFromOne).default(1))
      .addOption(new Option('--group <name>', 'group of these nodes').argParser(groupName).default('default')),
  ).action(async (_, command: Command) => {
    const { for: for_s, uses, group } = command.opts<{ for: number; uses: number; group: string }>();
    done(
      await runVerb(
        command,
        'join_token',
        { for_s, uses, group },
        () =>
          ({ token }) =>
            `${token}\n`,
      ),
    );
  });

  withJson(
    hub.command('join-tokens').description('print the join tokens that are valid, without their secrets'),
  ).action(async (_, command: Command) => {
    done(await runVerb(command, 'join_tokens', {}, ({ joinTokensText }) => joinTokensText));
  });

  withPlace(
    hub.command('revoke-token').argument('<id>', 'the second part of a join token').description('end a join token'),
  ).action(async (id: string, _, command: Command) => {
    done(await runVerb(command, 'join_token_revoke', { id }, () => () => `The join token ${id} is no longer valid.\n`));
  });

  withJson(
    hub.command('nodes').description('print the nodes: group, when they were heard last, rates, version, rules'),
  ).action(async (_, command: Command) => {
    done(
      await runVerb(
        command,
        'nodes',
        {},
        ({ nodesText }) => nodesText,
        ({ nodesJson }) => nodesJson,
      ),
    );
  });

  withPlace(
    hub
      .command('rename')
      .argument('<node>', 'name of a node', nodeName)
      .argument('<name>', 'its new name', nodeName)
      .description('give a node another name; it keeps its key'),
  ).action(async (node: string, to: string, _, command: Command) => {
    done(await runVerb(command, 'rename', { node, to }, () => () => `${node} is now ${to}.\n`));
  });

  withPlace(
    hub
      .command('move')
      .argument('<node>', 'name of a node', nodeName)
      .argument('<group>', 'group with the rules that it should have', groupName)
      .description('put a node into another group'),
  ).action(async (node: string, group: string, _, command: Command) => {
    done(await runVerb(command, 'move', { node, group }, () => () => `${node} is in the group ${group}.\n`));
  });

  withPlace(
    hub
      .command('revoke')
      .argument('<node>', 'name of a node', nodeName)
      .description('remove a node, and reject its key from now on'),
  ).action(async (node: string, _, command: Command) => {
    const text = `${node} was removed, and its key is rejected. It keeps the rules that it has.\n`;
    done(await runVerb(command, 'revoke', { node }, () => () => text));
  });
}
