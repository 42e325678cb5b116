/**
 * Defines the command line and its help. Loads the implementation of a command only when it runs, which saves half a
 * second.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import { CAPTURE_FORMATS, type CaptureFormat } from '../print/capture-format.ts';
import { statePaths } from '../rules/store/state-directory.ts';
import { addAlertsCommand } from './alerts/alerts-command.ts';
import { addBansCommand } from './bans/bans-command.ts';
import { addBookmarksCommand } from './bookmarks/bookmarks-command.ts';
import { completionScript, SHELLS } from './completion.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { emptyProgram } from './empty-program.ts';
import { addForgetCommand } from './forget/forget-command.ts';
import { CAPTURE_HELP, RUN_HELP, STATUS_HELP } from './help-text.ts';
import { addHubCommand } from './hub/hub-command.ts';
import { addLimitsCommand } from './limits/limits-command.ts';
import { readConfigFile } from './options/config-file.ts';
import { type GivenHubOptions, hubsOf } from './options/hub-options.ts';
import { type GivenRecordOptions, recordOf } from './options/record-options.ts';
import {
  DEFAULT_CONFIRM_MS,
  DEFAULT_DENIES_RATE,
  mergeConfig,
  readFlagVariables,
  runOptions,
  SAMPLE_AUTO,
} from './options/run-options.ts';
import type { RunOptions } from './options/run-settings.ts';
import { bpfFsOption } from './options/shared-options.ts';
import { tlsFiles } from './options/tls-options.ts';
import { countFromOne, seconds } from './options/values.ts';
import { print } from './process/print.ts';
import { unknownCommand } from './process/unknown-command.ts';
import { addQueryCommand } from './query/query-command.ts';
import { addReplayCommand } from './replay-command.ts';
import { addRulesCommand } from './rules/rules-command.ts';
import { addSegmentsCommand } from './segments/segments-command.ts';

/** Options without a use in `capture`, which only writes records to its file. */
const NOT_FOR_CAPTURE = new Set(
  '--print --listen --tls-cert --tls-key --ui --allow-origin --allow-node --metrics --reverse-dns --geoip --hub --hub-token --hub-ca --hub-fingerprint --node-name --rules --protect --confirm-within --pin'.split(
    ' ',
  ),
);

/** The demo chooses the interface itself, and belongs to no fleet. */
const NOT_FOR_DEMO = new Set('--iface --netns --hub --hub-token --hub-ca --hub-fingerprint --node-name'.split(' '));

export function packetlogCommand(done: (code: number) => void): Command {
  const program = emptyProgram();
  const options = runOptions();
  const runCommand = program
    .command('run', { isDefault: true })
    .description('watch interfaces until Ctrl-C (the default)')
    .addHelpText('after', RUN_HELP);
  for (const option of options) runCommand.addOption(option);
  program.addHelpText(
    'after',
    () => `\n${runCommand.helpInformation().replace(/^Usage:.*\n\n.*\n\nOptions:/, 'Options of run:')}${RUN_HELP}`,
  );
  runCommand.allowExcessArguments().action(async (_, command: Command) => {
    const [word] = command.args;
    if (word !== undefined)
      command.error(
        unknownCommand(
          word,
          program.commands.map((each) => each.name()),
        ),
      );
    const given = optionsOf(command, options);
    const { runInTwoProcesses } = await import('./run/two-processes.ts');
    done(await runInTwoProcesses(given));
  });

  const demoCommand = program
    .command('demo')
    .description('create a small network of namespaces with traffic, watch it, and remove it at the end')
    .addOption(
      new Option('--for <time>', 'end after this time, such as 90s, 5m or 1h30m')
        .argParser(seconds)
        .default(600, '10m'),
    );
  const demoOptions = options.filter(({ long }) => !NOT_FOR_DEMO.has(long ?? ''));
  for (const option of demoOptions) demoCommand.addOption(option);
  demoCommand.action(async (_, command: Command) => {
    const { demo } = await import('./demo.ts');
    done(await demo(optionsOf(command, demoOptions), command.opts<{ for: number }>().for));
  });

  const captureCommand = program
    .command('capture')
    .description('write packets to a file, until Ctrl-C, for a time, or up to a number of packets')
    .addOption(new Option('-w, --write <file>', 'file to write, or - for standard output').makeOptionMandatory())
    .addOption(
      new Option('--format <format>', 'file format (default: chosen by the file name’s extension)').choices([
        ...CAPTURE_FORMATS,
      ]),
    )
    .addOption(new Option('--for <time>', 'end after this time, such as 10s, 5m or 1h30m').argParser(seconds))
    .addOption(new Option('--count <packets>', 'end after this number of packets').argParser(countFromOne))
    .addHelpText('after', CAPTURE_HELP);
  const captureRunOptions = options.filter(({ long }) => !NOT_FOR_CAPTURE.has(long ?? ''));
  for (const option of captureRunOptions) captureCommand.addOption(option);
  captureCommand.action(async (_, command: Command) => {
    const given = command.opts<{ write: string; format?: CaptureFormat; for?: number; count?: number }>();
    const { write, format, for: forSeconds } = given;
    const runWith = { ...optionsOf(command, captureRunOptions), listen: 'off' as const };
    const { capture } = await import('./capture.ts');
    done(await capture(runWith, { write, format, seconds: forSeconds, count: given.count }));
  });

  addReplayCommand(program, done);
  addQueryCommand(program, done);
  addSegmentsCommand(program, done);
  addBookmarksCommand(program, done);
  addForgetCommand(program, done);

  addRulesCommand(program, done);
  addLimitsCommand(program, done);
  addBansCommand(program, done);
  addAlertsCommand(program, done);
  addHubCommand(program, options, done);

  program
    .command('unload')
    .description('remove the program and rules that an ended loader left in the kernel')
    .addOption(bpfFsOption())
    .addHelpText('after', '\nA running loader is left alone: end it first (otherwise the exit code is 3).')
    .action(async (_, command: Command) => {
      const { unload } = await import('./unload.ts');
      done(unload(command.opts<{ bpfFs?: string }>().bpfFs, (line) => print(`${line}\n`)));
    });

  program
    .command('url')
    .description('print the URLs of the running dashboard, with their tokens; requires root')
    .addHelpText('after', '\nThe loader is found through PACKETLOG_STATE_DIR (default: /var/lib/packetlog).')
    .action(async () => {
      const { url } = await import('./url.ts');
      done(await url(statePaths(process.env), (line) => print(`${line}\n`)));
    });

  program
    .command('token')
    .description('the tokens of the dashboard: rotate')
    .command('rotate')
    .description('replace the tokens, also in the running loader, and disconnect clients with the old ones; as root')
    .addHelpText('after', '\nTokens are kept in tokens.json in PACKETLOG_STATE_DIR (default: /var/lib/packetlog).')
    .action(async () => {
      const { rotateTokens } = await import('./rotate-tokens.ts');
      done(await rotateTokens(statePaths(process.env), (line) => print(`${line}\n`)));
    });

  program
    .command('status')
    .description('print what the running loader does: interfaces, rates, ledger, rules, clients, alarms; as root')
    .option('--json', 'print JSON, one object per line')
    .option('--watch', 'print again each second')
    .addHelpText('after', STATUS_HELP)
    .action(async (_, command: Command) => {
      const { json = false, watch = false } = command.opts<{ json?: boolean; watch?: boolean }>();
      const { status } = await import('./status.ts');
      done(await status(statePaths(process.env), { json, watch }, print, process.stdout.isTTY === true));
    });

  addDoctorCommand(program, options, optionsOf, done);

  program
    .command('completion')
    .argument('<shell>', SHELLS.join(', '))
    .description('print a completion script for a shell')
    .addHelpText('after', '\nFor bash: packetlog completion bash > /etc/bash_completion.d/packetlog')
    .action((shell: string) => {
      print(completionScript(shell, program));
      done(EXIT.ok);
    });

  return program;
}

function optionsOf(command: Command, options: ReturnType<typeof runOptions>): RunOptions {
  readFlagVariables(command, options);
  const { config } = command.opts<{ config?: string }>();
  if (config !== undefined) {
    try {
      mergeConfig(command, options, readConfigFile(config));
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause;
      throw new SetupError({
        step: 'read configuration',
        target: config,
        problem: cause.message.replace(/\.$/, ''),
        exit: 'usage',
        cause,
      });
    }
  }
  const given = command.opts<Partial<RunOptions>>();
  return {
    iface: given.iface ?? [],
    mode: given.mode ?? 'auto',
    print: given.print ?? 'text',
    filter: given.filter,
    ringSize: given.ringSize,
    logLevel: given.logLevel ?? 'info',
    transport: given.transport ?? 'auto',
    clock: given.clock ?? 'auto',
    sample: given.sample ?? SAMPLE_AUTO,
    simulateLoss: given.simulateLoss ?? 0,
    netns: given.netns,
    config,
    ...serverOptionsOf(command),
    ...denyLogOf(given),
    record: recordOf(command.opts<GivenRecordOptions>()),
    fleet: hubsOf(command.opts<GivenHubOptions>()),
    ...flagsOf(given),
    ...ruleOptionsOf(command),
  };
}

function serverOptionsOf(
  command: Command,
): Pick<RunOptions, 'listen' | 'tls' | 'ui' | 'allowOrigin' | 'allowNode' | 'metrics' | 'geoip'> {
  const given = command.opts<Partial<RunOptions> & { tlsCert?: string; tlsKey?: string }>();
  return {
    listen: given.listen ?? { host: 'localhost', port: 7411 },
    tls: tlsFiles(given.tlsCert, given.tlsKey),
    ui: given.ui,
    allowOrigin: given.allowOrigin ?? [],
    allowNode: given.allowNode ?? [],
    metrics: given.metrics ?? 'off',
    geoip: given.geoip ?? [],
  };
}

function denyLogOf(given: Partial<RunOptions>): Pick<RunOptions, 'logDenies' | 'logDeniesRate'> {
  return { logDenies: given.logDenies, logDeniesRate: given.logDeniesRate ?? DEFAULT_DENIES_RATE };
}

function flagsOf(given: Partial<RunOptions>): Pick<RunOptions, 'countOnly' | 'reverseDns' | 'waitForInterfaces'> {
  return {
    countOnly: given.countOnly ?? false,
    reverseDns: given.reverseDns ?? false,
    waitForInterfaces: given.waitForInterfaces ?? false,
  };
}

function ruleOptionsOf(
  command: Command,
): Pick<RunOptions, 'state' | 'protect' | 'confirmWithin' | 'pin' | 'bpfFs' | 'serverSocket' | 'takeOver'> {
  const { rules, ...given } = command.opts<Partial<RunOptions> & { rules?: string }>();
  return {
    state: statePaths(process.env, rules),
    protect: given.protect ?? [],
    confirmWithin: given.confirmWithin ?? DEFAULT_CONFIRM_MS,
    pin: given.pin ?? 'auto',
    bpfFs: given.bpfFs,
    serverSocket: given.serverSocket,
    takeOver: true,
  };
}
