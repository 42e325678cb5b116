/** Defines the commands about people of `packetlog hub`. */
import type { Role } from '@packetlog/common/fleet';
import { type Command, Option } from 'commander';
import { countFromOne } from '../options/values.ts';
import { personName, role, withJson, withPlace } from './hub-command-options.ts';
import { type Done, runVerb } from './run-verb.ts';

const DEFAULT_ENTRIES = 100;
const MAX_ENTRIES = 10_000;

export function addPeopleCommands(hub: Command, done: Done): void {
  const people = hub.command('people').description('people who may use the hub: add, list, remove');

  withPlace(
    people
      .command('add')
      .argument('<name>', 'name of a person', personName)
      .description('print a token for a person, only this once')
      .addOption(
        new Option(
          '--role <role>',
          'look: see everything; rules:GROUP,…: also change rules of these groups; admin: also nodes, tokens and people',
        )
          .argParser(role)
          .default({ kind: 'look' }, 'look'),
      ),
  ).action(async (person: string, _, command: Command) => {
    const given = command.opts<{ role: Role }>();
    done(
      await runVerb(
        command,
        'person_add',
        { person, role: given.role },
        () =>
          ({ token }) =>
            `${token}\n`,
      ),
    );
  });

  withJson(people.command('list').description('print the people and their roles')).action(
    async (_, command: Command) => {
      done(await runVerb(command, 'people', {}, ({ peopleText }) => peopleText));
    },
  );

  withPlace(
    people
      .command('remove')
      .argument('<name>', 'name of a person', personName)
      .description('reject the token of a person from now on, and end their connections'),
  ).action(async (person: string, _, command: Command) => {
    done(await runVerb(command, 'person_remove', { person }, () => () => `${person} was removed.\n`));
  });

  withJson(
    hub
      .command('audit')
      .description('print who changed what, and when; the newest first')
      .addOption(
        new Option('--limit <n>', `number of changes, at most ${MAX_ENTRIES}`)
          .argParser((text: string) => Math.min(MAX_ENTRIES, countFromOne(text)))
          .default(DEFAULT_ENTRIES),
      ),
  ).action(async (_, command: Command) => {
    const { limit } = command.opts<{ limit: number }>();
    done(await runVerb(command, 'audit', { limit }, ({ auditText }) => auditText));
  });
}
