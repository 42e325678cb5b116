/** Defines `packetlog alerts …`. */
import { formatDuration, parseDuration, RuleValueError } from '@packetlog/common';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../errors/exit-codes.ts';
import { ALERT_NAME, ALERT_TARGETS, type AlertTargetType } from '../../ipc/alerts/alerts-access.ts';
import { statePaths } from '../../rules/store/state-directory.ts';
import { type ListenAddress, listenAddress } from '../options/values.ts';
import { print } from '../process/print.ts';
import type { GivenTarget } from './given-secret.ts';

interface GivenAlert {
  readonly to: GivenTarget;
  readonly name?: string;
  readonly repeat?: number;
  readonly secretFile?: string;
  readonly secretStdin?: boolean;
  readonly json?: boolean;
}

interface GivenExec {
  readonly listen: ListenAddress | 'off';
  readonly timeout: number;
  readonly secretFile: string;
}

const DEFAULT_EXEC_PORT = 7412;

const HELP = `
Conditions (docs/alerts.md):
  denied > 1000/s for 10s            packets, bytes, denied, would_deny, lost, ring loss: per second, > or <
  packets matching "tcp dst port 22" > 100/s for 10s
  denied > 30% for 10s               share of all packets of the last second: denied, would_deny
  new sources > 500/s for 10s        sources (IPv6: networks /64) that sent nothing in the 10 minutes before
  disk < 5%                          free space of the state directory and the recorder's directory
  recorder stopped for 1m            recorder stopped, rules alarm, interface missing, ban, would-ban, ban limit
An alert fires when its condition has held for the time, and is resolved when the value was below 80 % of the threshold
for the same time, at least 10 s. A target gets at most one message in 10 s and 30 in an hour.

Targets:
  webhook:URL        Alertmanager's webhook format, version 4
  alertmanager:URL   API v2 of Alertmanager
  ntfy, slack, discord, webhook without a URL: the URL is a secret, the first line of the secret file
  a command: packetlog alerts exec, which runs it as another user, and webhook:http://127.0.0.1:7412/

A secret is never an argument: --secret-file names a file that only its owner can read (mode 600), --secret-stdin reads
standard input. Its lines: the URL if --to has none, then a token for the header Authorization, if there is one.

Examples:
  packetlog alerts add "denied > 1000/s for 10s" --to webhook:https://example.org/hook --secret-file token.txt
  packetlog alerts add "recorder stopped" --to slack --secret-file slack-url.txt
  packetlog alerts exec --secret-file token.txt -- /usr/local/bin/page-me      # not as root
  packetlog alerts test denied
  packetlog alerts list --json | jq '.alerts[].state'
  packetlog alerts remove denied

Exit codes:
  ${EXIT.ok}  done; alerts test: the target accepted the message
  ${EXIT.failed}  packetlog is not running, or it failed; alerts test: the target did not accept the message
  ${EXIT.usage}  wrong option, condition, target or secret file
  ${EXIT.privilege}  not root
  ${EXIT.not_found}  no such alert
  ${EXIT.unsupported}  this loader sends no messages (--listen off), or its alerts file is damaged`;

export function addAlertsCommand(program: Command, done: (code: number) => void): void {
  const alerts = program
    .command('alerts')
    .description('messages when something is wrong: add, list, remove, test, history, exec; as root')
    .addHelpText('after', HELP);

  alerts
    .command('add')
    .argument('<condition>', 'when it fires, such as "denied > 1000/s for 10s"')
    .description('send a message to a target when a condition holds, and when it no longer does')
    .addOption(
      new Option('--to <target>', `${ALERT_TARGETS.join(', ')}, and :URL unless it is in the secret file`)
        .argParser(targetOption)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--name <name>', 'name of the alert (default: what is measured)').argParser(nameOption))
    .addOption(
      new Option(
        '--repeat <time>',
        'pause between messages while it fires, at least 2m (default: 4h; alertmanager: 5m)',
      ).argParser(repeatOption),
    )
    .option('--secret-file <file>', 'file with the secret of the target; only its owner may read it')
    .option('--secret-stdin', 'read the secret from standard input')
    .addOption(jsonOption())
    .action(async (condition: string, _, command: Command) => {
      const { to, name, repeat, secretFile, secretStdin = false, json = false } = command.opts<GivenAlert>();
      const [{ secretLines, targetOf }, { addAlert }] = await Promise.all([
        import('./given-secret.ts'),
        import('./run-alerts.ts'),
      ]);
      const target = targetOf(to, await secretLines({ file: secretFile, isStdin: secretStdin }));
      const request = {
        condition,
        target,
        ...(name !== undefined && { name }),
        ...(repeat !== undefined && { repeat_ms: repeat }),
      };
      done(await addAlert(statePaths(process.env), request, json, print));
    });

  alerts
    .command('list')
    .description('print the alerts: state, last value, target, undelivered events')
    .addOption(jsonOption())
    .action(async (_, command: Command) => {
      const { listAlerts } = await import('./run-alerts.ts');
      done(await listAlerts(statePaths(process.env), isJson(command), print));
    });

  alerts
    .command('remove')
    .argument('<name...>', 'names of alerts')
    .description('remove alerts; their undelivered events are discarded')
    .addOption(jsonOption())
    .action(async (names: string[], _, command: Command) => {
      const { removeAlerts } = await import('./run-alerts.ts');
      done(await removeAlerts(statePaths(process.env), names, isJson(command), print));
    });

  alerts
    .command('test')
    .argument('<name>', 'name of the alert')
    .description('send a test message to the target now, and print the answer')
    .addOption(jsonOption())
    .action(async (name: string, _, command: Command) => {
      const { testAlert } = await import('./run-alerts.ts');
      done(await testAlert(statePaths(process.env), name, isJson(command), print));
    });

  alerts
    .command('history')
    .description('print the last 200 events and deliveries')
    .addOption(jsonOption())
    .action(async (_, command: Command) => {
      const { alertHistory } = await import('./run-alerts.ts');
      done(await alertHistory(statePaths(process.env), isJson(command), print));
    });

  addExec(alerts, done);
}

/** Apart from the others: it runs without root, and asks no loader. */
function addExec(alerts: Command, done: (code: number) => void): void {
  alerts
    .command('exec')
    .argument('<command...>', 'the command and its arguments, after --')
    .description('run a command for each message of an alert, which gets it as JSON on standard input; not as root')
    .addOption(
      new Option('--listen <host:port>', 'where webhook targets reach it; an address of this machine alone')
        .argParser(listenAddress)
        .default({ host: '127.0.0.1', port: DEFAULT_EXEC_PORT }, `127.0.0.1:${DEFAULT_EXEC_PORT}`),
    )
    .addOption(
      new Option('--timeout <time>', 'end the command after this time').argParser(timeoutOption).default(10_000, '10s'),
    )
    .requiredOption('--secret-file <file>', 'file with the token that the target sends; only its owner may read it')
    .action(async (argv: [string, ...string[]], _, command: Command) => {
      const { listen, timeout, secretFile } = command.opts<GivenExec>();
      const [{ secretLines }, { execAlerts, oneToken }] = await Promise.all([
        import('./given-secret.ts'),
        import('./exec-command.ts'),
      ]);
      const token = oneToken(secretFile, await secretLines({ file: secretFile, isStdin: false }));
      done(await execAlerts({ listen, token, argv, timeoutMs: timeout }));
    });
}

const jsonOption = () => new Option('--json', 'print JSON');
const isJson = (command: Command) => command.opts<{ json?: boolean }>().json ?? false;

function targetOption(text: string): GivenTarget {
  const [type = '', ...url] = text.split(':');
  if (!(ALERT_TARGETS as readonly string[]).includes(type)) {
    throw new InvalidArgumentError(`Write one of ${ALERT_TARGETS.join(', ')}, then a colon and the URL.`);
  }
  return { type: type as AlertTargetType, url: url.length === 0 ? undefined : url.join(':') };
}

function nameOption(text: string): string {
  if (ALERT_NAME.test(text)) return text;
  throw new InvalidArgumentError('Write 1 to 64 lower-case letters, digits, - and _.');
}

function repeatOption(text: string): number {
  return timeBetween(text, 2 * 60_000, 30 * 24 * 3_600_000, '4h');
}

function timeoutOption(text: string): number {
  return timeBetween(text, 1000, 60_000, '10s');
}

function timeBetween(text: string, least: number, most: number, example: string): number {
  try {
    const milliseconds = parseDuration(text);
    if (milliseconds >= least && milliseconds <= most) return milliseconds;
  } catch (error) {
    if (!(error instanceof RuleValueError)) throw error;
    throw new InvalidArgumentError(`${error.message}.`);
  }
  throw new InvalidArgumentError(`Write ${formatDuration(least)} to ${formatDuration(most)}, such as ${example}.`);
}
