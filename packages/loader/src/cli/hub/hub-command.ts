/** Defines `packetlog hub …`. */
import type { Command, Option } from 'commander';
import { Option as NewOption } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { tlsFiles } from '../options/tls-options.ts';
import { countFromOne, type ListenAddress, listenAddress } from '../options/values.ts';
import { print } from '../process/print.ts';
import { unknownCommand } from '../process/unknown-command.ts';
import {
  groupName,
  type HubPlace,
  jsonOption,
  socketOption,
  stateOption,
  tokenSeconds,
} from './hub-command-options.ts';

/** Options that a hub has in common with `packetlog run`. */
const SHARED = new Set(['--tls-cert', '--tls-key', '--ui', '--allow-origin', '--log-level']);
const DEFAULT_PORT = 7412;

const HELP = `
A hub shows many nodes in one view. Nodes dial it: packetlog run --hub URL --hub-token TOKEN (docs/fleet.md). Commands
ask the running hub through hub.sock in --state. Those that need only its state work without a running hub, too.

Examples:
  packetlog hub --listen 0.0.0.0:7412 --tls-cert hub.pem --tls-key hub.key
  packetlog hub join-token --for 1h --uses 30 --group web
  packetlog hub nodes

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
    .description('one view and one set of rules for many servers: run a hub, join-token, nodes')
    .addHelpText('after', HELP);
  addServe(hub, runOptions, done);
  addJoinToken(hub, done);
  addNodes(hub, done);
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
        logLevel: given.logLevel ?? 'info',
      }),
    );
  });
}

function addJoinToken(hub: Command, done: Done): void {
  hub
    .command('join-token')
    .description('print a token with which nodes join: packetlog run --hub URL --hub-token TOKEN')
    .addOption(
      new NewOption('--for <time>', 'time until it expires, such as 1h or 7d')
        .argParser(tokenSeconds)
        .default(3600, '1h'),
    )
    .addOption(new NewOption('--uses <n>', 'number of nodes that may join with it').argParser(countFromOne).default(1))
    .addOption(new NewOption('--group <name>', 'group of these nodes').argParser(groupName).default('default'))
    .addOption(stateOption())
    .addOption(socketOption())
    .action(async (_, command: Command) => {
      const { for: for_s, uses, group } = command.opts<{ for: number; uses: number; group: string }>();
      const { printAnswer } = await import('./hub-client.ts');
      const show = ({ token }: { token: string }) => `${token}\n`;
      done(await printAnswer(placeOf(command), 'join_token', { for_s, uses, group }, print, show));
    });
}

function addNodes(hub: Command, done: Done): void {
  hub
    .command('nodes')
    .description('print the nodes: group, when they were heard last, rates, version, rules')
    .addOption(stateOption())
    .addOption(socketOption())
    .addOption(jsonOption())
    .action(async (_, command: Command) => {
      const { jsonLine, printAnswer } = await import('./hub-client.ts');
      const { nodesJson, nodesText } = await import('./hub-text.ts');
      const { json = false } = command.opts<{ json?: boolean }>();
      const show = json ? (fleet: Parameters<typeof nodesJson>[0]) => jsonLine(nodesJson(fleet)) : nodesText;
      done(await printAnswer(placeOf(command), 'nodes', {}, print, show));
    });
}

function placeOf(command: Command): HubPlace {
  const { state, socket } = command.opts<{ state: string; socket?: string }>();
  return { state, socket };
}
