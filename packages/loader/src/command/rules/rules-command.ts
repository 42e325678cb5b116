/** `packetlog rules …`: its subcommands, their options and help. */
import { readFileSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import {
  isSetName,
  RULE_ACTIONS,
  type RuleChanges,
  type RuleDraft,
  type RulesRequest,
  rulesFileSchema,
} from '@packetlog/common';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { EXIT } from '../../exit-codes.ts';
import { statePaths } from '../../rules/file/state-directory.ts';
import { SetupError } from '../../setup-error.ts';
import { count, seconds } from '../option-values.ts';
import { protectOption, rulesFileOption } from '../run-options.ts';
import { Connection } from './connection.ts';
import { exportRules } from './export-rules.ts';
import { type Outcome, Printer } from './printer.ts';
import { rehearsalRequest } from './rehearsal-request.ts';
import { force, forceOption, life, lifeOptions, match, matchOptions, ruleId } from './rule-options.ts';
import { auditText, one, rehearsalText, snapshotText } from './rules-text.ts';

const HELP = `
A matching permit rule wins; else a matching deny rule; else observe; else the default policy.
Of several rules with the same action the one with the longest prefix decides, then the lowest id.

Examples:
  packetlog rules add deny 203.0.113.0/24 --port 22 --protocol tcp --for 1h --reason "brute force"
  packetlog rules add permit 198.51.100.7 --reason "office"
  packetlog rules add observe any --port 23         see what a deny rule would catch
  packetlog rules import drop.txt --set spamhaus    deny a list; read it again when the file changes
  packetlog rules test new-rules.json --against 60  what would it deny, of the packets of a minute?
  packetlog rules list --json | jq '.rules[].source'
  packetlog rules remove 3 7

What is risky (wider than /8 or /32, or the default policy deny) reverts after 30 s, unless confirmed:
  packetlog rules policy deny && packetlog rules confirm

They are asked of the running loader; when none runs, the file is changed for its next start.`;

interface Common {
  rules?: string;
  protect?: string[];
  json?: true;
}

type Handler = (
  connection: Connection,
  printer: Printer,
  options: Common & Record<string, never>,
  args: string[],
) => Promise<Outcome>;

export function rulesCommand(done: (code: number) => void): Command {
  const rules = new Command('rules').description('permit and deny: list, add, remove, import, test, confirm, …');
  rules.addHelpText('after', HELP);

  /** A subcommand with the options that all have. */
  const subcommand = (nameAndArguments: string, description: string, handler: Handler): Command => {
    const command = rules.command(nameAndArguments).description(description);
    command.action(async (...given: unknown[]) => {
      const options = command.opts<Common & Record<string, never>>();
      const paths = statePaths(process.env, options.rules);
      const connection = new Connection({ paths, protect: options.protect ?? [], environment: process.env });
      const printer = new Printer(options.json ?? false);
      try {
        const args = given.slice(0, -2).flat().map(String);
        done(printer.finish(await handler(connection, printer, options, args), connection));
      } finally {
        await connection.close();
      }
    });
    command.option('--json', 'print JSON').addOption(rulesFileOption()).addOption(protectOption());
    return command;
  };

  subcommand('list', 'what is in force', async (connection, printer) => {
    const answer = await connection.ask('list', {});
    return printer.answer(answer, (snapshot) => snapshotText(snapshot, Date.now()));
  });

  const add = subcommand('add <action> <source>', 'add a rule: permit, deny or observe a source', addRule);
  for (const option of matchOptions()) add.addOption(option);
  for (const option of lifeOptions()) add.addOption(option);
  add
    .addOption(forceOption())
    .addHelpText(
      'after',
      '\nA source is an address, a network such as 203.0.113.0/24 or 2001:db8::/32, any, or set:NAME.',
    );

  const edit = subcommand('edit <id>', 'change a rule; it keeps its id and its counters', editRule);
  edit.addOption(new Option('--action <action>', 'what it does').choices([...RULE_ACTIONS]));
  edit.option('--source <source>', 'whom it is about');
  for (const option of matchOptions()) edit.addOption(option);
  for (const option of lifeOptions()) edit.addOption(option);
  edit
    .addOption(forceOption())
    .addHelpText('after', '\n"none" takes a condition or the end away: --port none, --until none.');

  subcommand('remove <id...>', 'remove rules', async (connection, printer, options, ids) => {
    const answer = await connection.ask('remove', { ids: ids.map(ruleId), ...force(options) });
    return printer.changed(answer, ({ removed }) => `Removed ${removed.map(({ id }) => `rule ${id}`).join(', ')}.`);
  }).addOption(forceOption());

  subcommand(
    'policy <policy>',
    'what becomes of packets that no rule is about: permit or deny',
    async (connection, printer, options, [policy]) => {
      const request = { default_policy: policy, ...force(options) } as RulesRequest<'policy'>;
      return printer.changed(
        await connection.ask('policy', request),
        (value) => `The default policy is ${value.default_policy}.`,
      );
    },
  ).addOption(forceOption());

  subcommand(
    'import <file>',
    'make or replace a set of networks from a list, and a rule about it; - is standard input',
    importList,
  )
    .option('--set <name>', 'name of the set (default: that of the file)')
    .addOption(new Option('--action <action>', 'what the rule does').choices([...RULE_ACTIONS]).default('deny'))
    .option('--reason <text>', 'why, for people')
    .option('--once', 'keep a copy; do not read the file again when it changes')
    .option('--skip-bad', 'leave out lines that cannot be read, instead of changing nothing')
    .addOption(forceOption())
    .addHelpText(
      'after',
      '\nA network a line, comments behind # or ;, as FireHOL and Spamhaus publish them (also as JSON), or what\nipset save writes.',
    );

  subcommand('export', 'print the rules file, or the list of a set', async (_, printer, options) =>
    exportRules(statePaths(process.env, options.rules), options['set'], printer),
  ).option('--set <name>', 'the list of this set');

  subcommand(
    'test <file>',
    'count what the rules in a file, or a list to deny, would have denied',
    async (connection, printer, options, [file = '']) => {
      const request = rehearsalRequest(read(file), file, options['against'] ?? 10);
      return printer.answer(await connection.ask('test', request), rehearsalText);
    },
  ).addOption(new Option('--against <seconds>', 'so many seconds of live traffic').argParser(seconds).default(10));

  subcommand('confirm', 'keep a risky change', async (connection, printer) =>
    printer.answer(await connection.ask('confirm', {}), () => ['Confirmed: it stays.']),
  );
  subcommand('revert', 'take a risky change back at once', async (connection, printer) =>
    printer.answer(await connection.ask('revert', {}), () => ['Reverted.']),
  );
  subcommand('undo', 'take the last change back', async (connection, printer) =>
    printer.changed(await connection.ask('undo', {}), ({ undone }) => `Undone: ${undone}.`),
  );
  subcommand('audit', 'who changed what, when and why; the newest first', async (connection, printer, options) =>
    printer.answer(await connection.ask('audit', { limit: options['limit'] ?? 100 }), ({ entries }) =>
      auditText(entries),
    ),
  ).addOption(new Option('--limit <n>', 'so many entries').argParser(count).default(100));

  rules
    .command('schema')
    .description('print the JSON schema of the rules file')
    .action(() => {
      process.stdout.write(
        `${JSON.stringify(z.toJSONSchema(rulesFileSchema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`,
      );
      done(EXIT.ok);
    });
  return rules;
}

const addRule: Handler = async (connection, printer, options, [action, source]) => {
  const rule = { action, source, ...match(options), ...life(options) } as RuleDraft;
  const answer = await connection.ask('add', { rule, ...force(options) });
  return printer.changed(answer, (value) => `Added rule ${value.rule.id}.`);
};

const editRule: Handler = async (connection, printer, options, [id = '']) => {
  const { action, source } = options as { action?: string; source?: string };
  const given = { action, source, ...match(options), ...life(options) };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const changes = Object.fromEntries(
    entries.map(([key, value]) => [key, value === 'none' ? null : value]),
  ) as RuleChanges;
  const answer = await connection.ask('edit', { id: ruleId(id), changes, ...force(options) });
  return printer.changed(answer, (value) => `Changed rule ${value.rule.id}.`);
};

const importList: Handler = async (connection, printer, options, [file = '']) => {
  const { set, action, reason, once, skipBad } = options as Record<string, string | undefined>;
  const follows = file !== '-' && !once;
  const query = {
    set: set ?? setNameOf(file),
    action: action ?? 'deny',
    ...(reason === undefined ? {} : { reason }),
    ...(follows ? { file: resolve(file) } : {}),
    ...(skipBad ? { skip_bad: 'true' } : {}),
    ...(force(options).force ? { force: 'true' } : {}),
  };
  const answer = await connection.importBytes(query, read(file));
  return printer.changed(answer, ({ rule, set: { name, entries }, bad_line_count }) => {
    const skipped = bad_line_count > 0 ? ` Left out: ${one(bad_line_count, 'line')}.` : '';
    return `Set ${name} has ${one(entries, 'network')}; rule ${rule.id} is about it.${skipped}`;
  });
};

function read(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (cause) {
    throw new SetupError({ step: 'read', target: file, exit: 'usage', cause });
  }
}

function setNameOf(file: string): string {
  const name = basename(file, extname(file));
  if (isSetName(name)) return name;
  throw new SetupError({
    step: 'name',
    target: 'the set',
    problem: `${JSON.stringify(name)} cannot be its name`,
    next: 'Give one: --set NAME.',
    exit: 'usage',
  });
}
