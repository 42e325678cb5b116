/** `packetlog rules …`: its subcommands, their options and help. */
import { LIMIT_PRESETS, RULE_ACTIONS, rulesFileSchema } from '@packetlog/common';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { EXIT } from '../../errors/exit-codes.ts';
import { statePaths } from '../../rules/store/state-directory.ts';
import { bpfFsOption, netnsOption, protectOption, rulesFileOption } from '../options/shared-options.ts';
import { count } from '../options/values.ts';
import { COMMAND_OUTPUT } from '../process/command-output.ts';
import { print } from '../process/print.ts';
import { concluded } from './conclude.ts';
import { Connection } from './connection.ts';
import { exportRules } from './export-rules.ts';
import {
  addRule,
  applyRules,
  type Common,
  editRule,
  type Handler,
  importList,
  removeRules,
  switchLimit,
} from './handlers.ts';
import { Printer } from './printer.ts';
import { forceOption, lifeOptions, limitOptions, matchOptions, nowOption, presetOption } from './rule-options.ts';
import { auditText, presetsText, snapshotText } from './rules-text.ts';
import { setPolicy } from './set-policy.ts';
import { addDryRun, addLearn } from './trial-commands.ts';

const HELP = `
A matching permit rule wins; otherwise a deny rule; otherwise a limit that the packet is over; otherwise an observe
rule; otherwise the default policy.
Of several rules with the same action, the one with the longest prefix decides, then the one with the lowest id.

Examples:
  packetlog rules add deny 203.0.113.0/24 --port 22 --protocol tcp --for 1h --reason "brute force"
  packetlog rules add permit 198.51.100.7 --reason "office"
  packetlog rules add limit any --protocol tcp --port 22 --rate 20/min --measure syn --reason "ssh"
  packetlog rules add limit any --preset ssh
  packetlog rules add deny any --protocol tcp --tcp-flags none --reason "NULL scan"
  packetlog rules enforce 3                         deny what is over limit 3, once it has observed
  packetlog rules add observe any --port 23         see what a deny rule would catch
  packetlog rules import drop.txt --set spamhaus    deny a list; the file is read again when it changes
  packetlog rules dry-run new.json --against 60     what would it deny in 60 s of traffic?
  packetlog rules dry-run new.json --from -8h       what would it have denied in the last 8 hours?
  packetlog rules learn --from -1h --source 203.0.113.7  what did only this source send?
  packetlog rules list --json | jq '.rules[].source'
  packetlog rules remove 3 7

A risky change (such as a network wider than /8 or /32, or the default policy deny) reverts after 30 s unless confirmed:
  packetlog rules policy deny --with-permits && packetlog rules confirm

The commands change the rules of the running packetlog. When none runs, they change the rules file for its next start.
docs/rules.md has examples for scripts, fail2ban, Ansible and lists.`;

export function addRulesCommand(program: Command, done: (code: number) => void): void {
  const rules = new Command('rules')
    .description('list and change the rules: add, remove, import, dry-run, confirm, …')
    // Set before the subcommands are added, which inherit it: usage errors get their exit code.
    .exitOverride()
    .configureHelp({ helpWidth: Math.min(process.stdout.columns || 100, 120) })
    .configureOutput(COMMAND_OUTPUT)
    .showHelpAfterError('(packetlog rules --help lists the commands)');
  rules.addHelpText('after', HELP);

  /** Adds a subcommand with the options of every subcommand. */
  const subcommand = (nameAndArguments: string, description: string, handler: Handler): Command => {
    const command = rules.command(nameAndArguments).description(description);
    command.action(async (...given: unknown[]) => {
      const options = command.opts<Common & Record<string, never>>();
      const paths = statePaths(process.env, options.rules);
      const { protect = [], netns, bpfFs } = options;
      const connection = new Connection({ paths, protect, environment: process.env, netns, bpfFs });
      const printer = new Printer(options.json ?? false);
      const args = given
        .slice(0, -2)
        .flat()
        .filter((each) => each !== undefined)
        .map(String);
      const work = async () => printer.finish(await handler(connection, printer, options, args), connection);
      done(await concluded(work, connection, printer));
    });
    command
      .option('--json', 'print JSON')
      .addOption(rulesFileOption())
      .addOption(protectOption())
      .addOption(bpfFsOption());
    command.addOption(netnsOption('rules of the packetlog that watches this network namespace (name or path)'));
    return command;
  };

  subcommand('list', 'print the rules and their packet counts', async (connection, printer) => {
    const answer = await connection.ask('list', {});
    return printer.answer(answer, (snapshot) => snapshotText(snapshot, Date.now()));
  });

  const add = subcommand(
    'add <action> [source]',
    'add a rule: permit, deny, limit or observe a source; if a rule with the same action and match exists, it is updated',
    addRule,
  );
  for (const option of matchOptions()) add.addOption(option);
  for (const option of [...limitOptions(), ...lifeOptions()]) add.addOption(option);
  add
    .addOption(presetOption())
    .addOption(forceOption())
    .addOption(nowOption())
    .addHelpText(
      'after',
      `
A source is an address, a network such as 203.0.113.0/24 or 2001:db8::/32, any, or set:NAME.

Many rules in one change, all of them or none:
  packetlog rules add deny - --for 1h < addresses   one source per line; the options apply to each
  packetlog rules add - < rules                     one rule per line, written as here: deny 192.0.2.1 --port 22`,
    );

  subcommand('presets', 'print limits for common attacks: what --preset adds', async (_, printer) =>
    printer.answer({ ok: true, value: { presets: LIMIT_PRESETS } }, () => presetsText(LIMIT_PRESETS)),
  );

  const edit = subcommand('edit <id>', 'change a rule; it keeps its id and its counters', editRule);
  edit.addOption(new Option('--action <action>', 'new action').choices([...RULE_ACTIONS]));
  edit.option('--source <source>', 'new source');
  for (const option of matchOptions()) edit.addOption(option);
  for (const option of [...limitOptions(), ...lifeOptions()]) edit.addOption(option);
  edit.option('--no-enforce', 'limit: permit and mark what is over');
  edit.option('--no-fragment', 'also packets that are no later fragments');
  edit
    .addOption(forceOption())
    .addOption(nowOption())
    .addHelpText(
      'after',
      '\n"none" removes a condition or the expiry: --port none, --until none; for TCP flags, "any" does: --tcp-flags any.',
    );

  subcommand('enforce <id>', 'deny what is over a limit; it must have observed, or had a dry run', (...given) =>
    switchLimit(true, ...given),
  )
    .addOption(forceOption())
    .addOption(nowOption());
  subcommand('observe <id>', 'permit and mark what is over a limit', (...given) =>
    switchLimit(false, ...given),
  ).addOption(forceOption());

  const remove = subcommand(
    'remove [id...]',
    'remove rules by id, source, reason or group; - reads ids and sources from standard input, one per line',
    removeRules,
  );
  remove.option('--source <source>', 'all rules with this source: an address, a network, any or set:NAME');
  remove.option('--set <name>', 'all rules that use this set; the set is removed with the last of them');
  remove.option('--reason <text>', 'only rules with exactly this reason; without --source and --set, all of them');
  remove.option('--group <name>', 'only rules of the fleet for this group; alone, all of them');
  remove.addOption(new Option('--action <action>', 'only rules with this action').choices([...RULE_ACTIONS]));
  for (const option of matchOptions()) remove.addOption(option);
  remove.addOption(forceOption());

  subcommand(
    'policy <policy>',
    'set the default policy, for packets that match no rule: permit or deny; deny prints what it denies first',
    setPolicy,
  )
    .option('--check', 'change nothing, and print what the policy deny would deny and which permit rules it needs')
    .option('--with-permits', 'add these rules in the same change, except the wide one')
    .option('--with-replies', 'add the wide rule, which permits replies to connections that this machine opens')
    .addOption(forceOption())
    .addHelpText(
      'after',
      `
The policy deny also denies replies to connections that this machine opens, because no connection state is kept. The rules
that it prints are for what listens, resolves, routes and gives time now. The policy and its rules are one change, which
reverts after 30 s unless confirmed:
  packetlog rules policy deny --check
  packetlog rules policy deny --with-permits --with-replies
  packetlog rules confirm`,
    );

  subcommand(
    'import <file>',
    'create or replace a set of networks from a list, and a rule that uses it; - is standard input',
    importList,
  )
    .option('--set <name>', 'name of the set (default: the name of the file)')
    .addOption(
      new Option('--action <action>', 'what the rule does').choices(['permit', 'deny', 'observe']).default('deny'),
    )
    .option('--reason <text>', 'why the rule exists')
    .option('--once', 'keep a copy; do not read the file again when it changes')
    .option('--skip-bad', 'skip lines that cannot be read, instead of changing nothing')
    .option('--ipset <name>', 'import this set from the output of ipset save; the file is not read again')
    .option('--allow-empty', 'accept a list without networks')
    .addOption(forceOption())
    .addHelpText(
      'after',
      `
Reads lists with one network per line and comments after # or ;, as FireHOL and Spamhaus publish them; ranges such as
192.0.2.1-192.0.2.9; the output of ipset save and nft list set; iptables-save and hosts.deny, if they deny everything from
their sources; CSV, tab-separated tables and JSON with one column or field of networks (the command prints which one).
gzip and UTF-16 are decoded. Ambiguous input is rejected, with a way to fix it.`,
    );

  subcommand('apply <file>', 'make the rules exactly those of a rules file; - is standard input', applyRules)
    .option('--check', 'change nothing, and print what would change; exit code 9 if something would')
    .option('--diff', 'print what changes: + added, - removed, ~ changed')
    .option('--detailed-exitcodes', 'exit code 9 if something was changed, 0 if nothing was')
    .addOption(forceOption())
    .addOption(nowOption())
    .addHelpText(
      'after',
      `
The file has the format of rules.json (packetlog rules schema). A rule with the action and match of an existing rule is that
rule: it keeps its id and counters, and takes reason and expiry from the file. What the file does not contain is removed.
The lockout guard and the confirmation of risky changes apply as usual.

Exit codes: 0 nothing to change, or changed; 9 see above; 2 the file is invalid; 8 a protected address would be locked out.`,
    );

  subcommand('export', 'print the rules file, or the networks of a set', async (_, printer, options) =>
    exportRules(statePaths(process.env, options.rules), options['set'], printer),
  ).option('--set <name>', 'print the networks of this set');

  addDryRun(subcommand);
  addLearn(subcommand);

  subcommand('confirm', 'confirm a risky change, so that it does not revert', async (connection, printer) =>
    printer.changed(await connection.ask('confirm', {}), () => 'Confirmed: the change stays in force.'),
  );
  subcommand('revert', 'revert an unconfirmed change now', async (connection, printer) =>
    printer.answer(await connection.ask('revert', {}), () => ['Reverted.']),
  );
  subcommand('undo', 'undo the last change, including changes by others', async (connection, printer) =>
    printer.changed(await connection.ask('undo', {}), ({ undone }) => `Undone: ${undone}.`),
  );
  subcommand('redo', 'redo the change that was undone last', async (connection, printer) =>
    printer.changed(await connection.ask('redo', {}), ({ redone }) => `Redone: ${redone}.`),
  );
  subcommand('audit', 'print who changed what, when and why; newest first', async (connection, printer, options) =>
    printer.answer(await connection.ask('audit', { limit: options['limit'] ?? 100 }), ({ entries }) =>
      auditText(entries),
    ),
  ).addOption(new Option('--limit <n>', 'entries to print').argParser(count).default(100));

  rules
    .command('schema')
    .description('print the JSON schema of the rules file')
    .action(() => {
      print(`${JSON.stringify(z.toJSONSchema(rulesFileSchema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`);
      done(EXIT.ok);
    });
  program.addCommand(rules);
}
