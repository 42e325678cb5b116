/** Defines the commands of `packetlog hub` for rules of groups. */
import { type Command, Option } from 'commander';
import { fromOption, toOption } from '../options/past-options.ts';
import { countFromOne } from '../options/values.ts';
import { print } from '../process/print.ts';
import { groupName, nodeName, placeOf, withJson } from './hub-command-options.ts';
import type { AppliedOptions, FleetDryRunOptions } from './hub-rules.ts';
import type { Done } from './run-verb.ts';

const APPLY_HELP = `
FILE is a rules file (man packetlog-rules), or - for standard input. Its lists are read here and sent as text. The rules
go to one node of the group first, then to 5 %, then to all; the first node that rejects them stops the rollout.

Examples:
  packetlog hub rules show --group web >web.json
  packetlog hub rules apply --group web web.json --note 'block the scanner'
  packetlog hub rollout status --group web`;

export function addHubRules(hub: Command, done: Done): void {
  const handlers = () => import('./hub-rules.ts');
  const rules = hub.command('rules').description('rules of a group of nodes: show, apply');

  withJson(
    rules.command('show').description('print the newest rules of a group as a rules file').addOption(groupOption()),
  ).action(async (_, command: Command) => {
    const { group, json = false } = command.opts<{ group: string; json?: boolean }>();
    done(await (await handlers()).showHubRules(placeOf(command), group, json, print));
  });

  withJson(
    rules
      .command('apply <file>')
      .description('make the rules of a group those of a file: its next generation')
      .addOption(groupOption())
      .option('--note <text>', 'why: shown with the generation')
      .addOption(
        new Option('--expect <number>', 'only if this is the newest generation (default: whatever is)').argParser(
          countFromOne,
        ),
      )
      .option('--at-once', 'put it on all nodes at once, in place of one, 5 % and all')
      .option('--force', 'also where it locks out a protected address of a node')
      .addHelpText('after', APPLY_HELP),
  ).action(async (file: string, _, command: Command) => {
    done(await (await handlers()).applyHubRules(placeOf(command), file, command.opts<AppliedOptions>(), print));
  });

  const rollout = hub
    .command('rollout')
    .description('how the newest rules of a group reach its nodes: status, stop, resume');
  for (const [action, description] of [
    ['status', 'print on how many nodes the newest rules are in force'],
    ['stop', 'send them to no more nodes'],
    ['resume', 'go on, and try again where they were rejected'],
  ] as const) {
    withJson(rollout.command(action).description(description).addOption(groupOption())).action(
      async (_, command: Command) => {
        const { group, json = false } = command.opts<{ group: string; json?: boolean }>();
        done(await (await handlers()).controlRollout(placeOf(command), group, action, json, print));
      },
    );
  }

  withJson(
    hub
      .command('repair')
      .argument('<node>', 'name of a node', nodeName)
      .description('make rules that were changed on a node those of its group again'),
  ).action(async (node: string, _, command: Command) => {
    done(await (await handlers()).repairNode(placeOf(command), node, print));
  });

  withJson(
    hub
      .command('dry-run [file]')
      .description('count the recorded packets of all nodes that the rules in a file would deny')
      .addOption(new Option('--group <name>', 'only nodes of this group').argParser(groupName))
      .option('--add <rule>', 'one rule in addition to those in force, in place of a file')
      .addOption(fromOption())
      .addOption(toOption()),
  ).action(async (file: string | undefined, _, command: Command) => {
    const args = file === undefined ? [] : [file];
    done(await (await handlers()).dryRunFleet(placeOf(command), args, command.opts<FleetDryRunOptions>(), print));
  });

  withJson(hub.command('groups').description('print the groups: nodes, newest rules, rollout')).action(
    async (_, command: Command) => {
      const { json = false } = command.opts<{ json?: boolean }>();
      done(await (await handlers()).listGroups(placeOf(command), json, print));
    },
  );

  const group = hub.command('group').description('add or remove a group of nodes');
  for (const [action, description] of [
    ['add', 'add a group'],
    ['remove', 'remove a group without nodes, and its rules'],
  ] as const) {
    withJson(group.command(action).argument('<name>', 'name of a group', groupName).description(description)).action(
      async (name: string, _, command: Command) => {
        done(await (await handlers()).changeGroup(placeOf(command), `group_${action}`, name, print));
      },
    );
  }
}

function groupOption(): Option {
  return new Option('--group <name>', 'group of nodes').argParser(groupName).default('default');
}
