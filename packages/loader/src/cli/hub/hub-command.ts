/** Defines `packetlog hub …`. */
import type { Command, Option } from 'commander';
import { Option as NewOption } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { tlsFiles } from '../options/tls-options.ts';
import { type ListenAddress, listenAddress } from '../options/values.ts';
import { unknownCommand } from '../process/unknown-command.ts';
import { type GivenHistoryOptions, historyOf, historyOptions } from './history-options.ts';
import { placeOf, socketOption, stateOption } from './hub-command-options.ts';
import { addHistoryCommand } from './hub-history-command.ts';
import { addNodeCommands } from './hub-node-commands.ts';
import { addOperateCommands } from './hub-operate-commands.ts';
import { addPeopleCommands } from './hub-people-commands.ts';
import { addHubRules } from './hub-rules-command.ts';

/** Options that a hub has in common with `packetlog run`. */
const SHARED = new Set(['--tls-cert', '--tls-key', '--ui', '--allow-origin', '--metrics', '--log-level']);
const DEFAULT_PORT = 7412;

const HELP = `
A hub shows many nodes in one view. Nodes dial it: packetlog run --hub URL --hub-token TOKEN (docs/fleet.md). Commands
ask the running hub through hub.sock in --state. Those that need only its state work without a running hub, too.

Examples:
  packetlog hub --listen 0.0.0.0:7412 --tls-cert hub.pem --tls-key hub.key
  packetlog hub join-token --for 1h --uses 30 --group web
  packetlog hub nodes
  packetlog hub rules apply web.json --group web
  packetlog hub people add ann --role rules:web

Exit codes:
  ${EXIT.ok}  done
  ${EXIT.failed}  the hub rejected it, or the state cannot be used
  ${EXIT.usage}  wrong option
  ${EXIT.privilege}  no permission
  ${EXIT.not_found}  no such node, person, group or token
  ${EXIT.listen}  the address to listen on is not available`;

type Done = (code: number) => void;

export function addHubCommand(program: Command, runOptions: readonly Option[], done: Done): void {
  const hub = program
    .command('hub')
    .description('one view and one set of rules for many servers: run a hub, its nodes, rules and people')
    .addHelpText('after', HELP);
  addServe(hub, runOptions, done);
  addNodeCommands(hub, done);
  addPeopleCommands(hub, done);
  addHubRules(hub, done);
  addHistoryCommand(hub, done);
  addOperateCommands(hub, done);
}

function addServe(hub: Command, runOptions: readonly Option[], done: Done): void {
  const serve = hub
    .command('serve', { isDefault: true })
    .description('run a hub until Ctrl-C (the default)')
    .addOption(
      new NewOption('-l, --listen <host:port>', 'where nodes and people reach the hub')
        .argParser(listenAddress)
        .default({ host: 'localhost', port: DEFAULT_PORT }, `localhost:${DEFAULT_PORT}`)
        .env('PACKETLOG_HUB_LISTEN'),
    )
    .addOption(stateOption())
    .addOption(socketOption());
  for (const option of historyOptions()) serve.addOption(option);
  for (const option of runOptions) if (SHARED.has(option.long ?? '')) serve.addOption(option);
  serve.allowExcessArguments().action(async (_, command: Command) => {
    const [word] = command.args;
    if (word !== undefined) {
      const names = hub.commands.map((each) => each.name());
      command.error(unknownCommand(word, names, () => false));
    }
    const given = command.opts<Partial<RunOptions> & { tlsCert?: string; tlsKey?: string; socket?: string }>();
    const address = command.getOptionValue('listen') as ListenAddress | 'off';
    if (address === 'off') command.error('error: a hub has to listen: --listen HOST:PORT.');
    const { runHub } = await import('./run-hub.ts');
    done(
      await runHub({
        listen: address as ListenAddress,
        ...placeOf(command),
        tls: tlsFiles(given.tlsCert, given.tlsKey),
        ui: given.ui,
        allowOrigin: given.allowOrigin ?? [],
        metrics: given.metrics ?? 'off',
        logLevel: given.logLevel ?? 'info',
        history: historyOf(command.opts<GivenHistoryOptions>(), placeOf(command).state, process.env),
      }),
    );
  });
}
