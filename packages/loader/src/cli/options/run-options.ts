/** Defines the options of `packetlog run`: flags, environment variables, defaults, and their order of precedence. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { filterOption } from './filter-option.ts';
import { hubOptions } from './hub-options.ts';
import { recordOptions } from './record-options.ts';
import { LOG_LEVELS } from './run-settings.ts';
import { bpfFsOption, list, names, netnsOption, protectOption, rulesFileOption } from './shared-options.ts';
import {
  confirmWithin,
  count,
  DEFAULT_CONFIRM_MS,
  DEFAULT_DENIES_RATE,
  fileName,
  linesPerSecond,
  listenAddress,
  metricsPlace,
  origin,
  ringBytes,
  SAMPLE_AUTO,
  sampling,
} from './values.ts';

export { DEFAULT_CONFIRM_MS, DEFAULT_DENIES_RATE, SAMPLE_AUTO } from './values.ts';

/** Returns the options in the order of --help. */
export function runOptions(): Option[] {
  return [
    new Option(
      '-i, --iface <name>',
      'interface to watch, by name or alternative name; repeat or separate with commas (\\, for a comma in a name; default: the interfaces of the default route)',
    )
      .argParser(names)
      .env('PACKETLOG_IFACE'),
    new Option(
      '--wait-for-interfaces',
      'wait for interfaces that do not exist yet, and watch each as soon as it appears; for a service that starts before the network',
    ).env('PACKETLOG_WAIT_FOR_INTERFACES'),
    new Option(
      '-m, --mode <mode>',
      'native: in the driver; generic: later, in the network stack, on any interface; auto: native where it works, but generic on veth and bonds',
    )
      .choices(['auto', 'native', 'generic'])
      .default('auto')
      .env('PACKETLOG_MODE'),
    new Option('-p, --print <format>', 'what to print for each packet on standard output')
      .choices(['text', 'json', 'none'])
      .default('text')
      .env('PACKETLOG_PRINT'),
    new Option(
      '-f, --filter <text>',
      'print or write only these packets, for example "tcp dst port 443 and not deny" (docs/filter.md)',
    )
      .argParser(filterOption)
      .env('PACKETLOG_FILTER'),
    new Option(
      '--log-denies <file>',
      'append denied packets to this file, one JSON object per line; reopened on SIGHUP',
    )
      .argParser(fileName)
      .env('PACKETLOG_LOG_DENIES'),
    new Option('--log-denies-rate <n>', 'log at most this many denied packets per second; the others are counted')
      .argParser(linesPerSecond)
      .default(DEFAULT_DENIES_RATE)
      .env('PACKETLOG_LOG_DENIES_RATE'),
    new Option('-l, --listen <host:port>', 'where the dashboard and the socket are served, or off')
      .argParser(listenAddress)
      .default({ host: 'localhost', port: 7411 }, 'localhost:7411')
      .env('PACKETLOG_LISTEN'),
    new Option('--tls-cert <file>', 'serve over TLS with this certificate (PEM); read again on SIGHUP')
      .argParser(fileName)
      .env('PACKETLOG_TLS_CERT'),
    new Option('--tls-key <file>', 'private key of the certificate (PEM, without a passphrase)')
      .argParser(fileName)
      .env('PACKETLOG_TLS_KEY'),
    new Option('--ui <dir>', 'directory of the built dashboard, or off to serve only the socket').env('PACKETLOG_UI'),
    new Option(
      '--allow-origin <origin>',
      'origin of another page that may connect, such as a proxy’s; repeat or separate with commas',
    )
      .argParser(list(origin))
      .env('PACKETLOG_ALLOW_ORIGIN'),
    new Option(
      '--allow-node <origin>',
      'another loader that the dashboard served here may connect to; repeat or separate with commas',
    )
      .argParser(list(origin))
      .env('PACKETLOG_ALLOW_NODE'),
    new Option(
      '--metrics <host:port>',
      'serve Prometheus metrics at /metrics of this address, or same: on the port of --listen, with the token, or off',
    )
      .argParser(metricsPlace)
      .default('off')
      .env('PACKETLOG_METRICS'),
    netnsOption('watch interfaces of this network namespace (name or path)'),
    new Option(
      '--ring-size <bytes>',
      'size of the ring of each CPU, for example 16MiB (default: up to 16MiB, depending on memory)',
    )
      .argParser(ringBytes)
      .env('PACKETLOG_RING_SIZE'),
    new Option(
      '--transport <kind>',
      'how records leave the kernel: array is the fastest, ring and perf suit older kernels',
    )
      .choices(['auto', 'array', 'ring', 'perf'])
      .default('auto')
      .env('PACKETLOG_TRANSPORT'),
    new Option(
      '--clock <policy>',
      'precise: read the clock for each packet; cached: cheaper, but timestamps are up to a jiffy early; auto: cached at very high packet rates',
    )
      .choices(['auto', 'precise', 'cached'])
      .default('auto')
      .env('PACKETLOG_CLOCK'),
    new Option(
      '--sample <n>',
      'auto: record 1 of N while the ring fills up; off: never; N: always 1 of N (a power of two)',
    )
      .argParser(sampling)
      .default(SAMPLE_AUTO, 'auto')
      .env('PACKETLOG_SAMPLE'),
    new Option(
      '--reverse-dns',
      'let the dashboard look up names of addresses; the sender’s DNS server sees the lookups',
    ).env('PACKETLOG_REVERSE_DNS'),
    new Option(
      '--geoip <file>',
      'MMDB file with the countries or networks of addresses; repeat or separate with commas',
    )
      .argParser(list(fileName))
      .env('PACKETLOG_GEOIP'),
    ...recordOptions(),
    ...hubOptions(),
    new Option('--simulate-loss <n>', 'lose this many records on purpose, to see the alarm')
      .argParser(count)
      .env('PACKETLOG_SIMULATE_LOSS')
      .hideHelp(),
    new Option('--count-only', 'count packets, record none').env('PACKETLOG_COUNT_ONLY'),
    rulesFileOption(),
    protectOption(),
    new Option('--confirm-within <time>', 'how long a risky change of the rules waits for confirmation, such as 30s')
      .argParser(confirmWithin)
      .default(DEFAULT_CONFIRM_MS, '30s')
      .env('PACKETLOG_CONFIRM_WITHIN'),
    new Option(
      '--pin <when>',
      'whether the program stays in the kernel after packetlog stops: auto: if it denies something; always; never',
    )
      .choices(['auto', 'always', 'never'])
      .default('auto')
      .env('PACKETLOG_PIN'),
    bpfFsOption(),
    new Option(
      '--server-socket <path>',
      'Unix socket for a server process that the service manager starts, as the installed service does; default: packetlog starts one',
    ).env('PACKETLOG_SERVER_SOCKET'),
    new Option('--log-level <level>', 'diagnostics on standard error')
      .choices([...LOG_LEVELS])
      .default('info')
      .env('PACKETLOG_LOG'),
    new Option('-c, --config <file>', 'JSON file with any of these options, by their long names').env(
      'PACKETLOG_CONFIG',
    ),
  ];
}

/**
 * Reads the environment variables of flags: 0, false, no and off mean no, and an empty value means not set. Commander
 * only checks whether the variable is set.
 */
export function readFlagVariables(command: Command, options: readonly Option[]): void {
  for (const option of options) {
    const name = option.attributeName();
    if (!option.isBoolean() || command.getOptionValueSource(name) !== 'env') continue;
    const text = process.env[option.envVar ?? '']?.trim().toLowerCase() ?? '';
    if (text === '') command.setOptionValueWithSource(name, undefined, 'default');
    else command.setOptionValueWithSource(name, !['0', 'false', 'no', 'off'].includes(text), 'env');
  }
}

/**
 * Merges the configuration file by precedence: flag, then environment, then file, then default. `file` is the parsed
 * JSON; its values go through the parsers of the command line.
 */
export function mergeConfig(command: Command, options: readonly Option[], file: Record<string, unknown>): void {
  const known = new Map(options.filter((o) => o.long !== '--config').map((o) => [o.long?.slice(2), o]));
  for (const [key, value] of Object.entries(file)) {
    const option = known.get(key);
    if (!option) {
      throw new InvalidArgumentError(
        `unknown key ${JSON.stringify(key)}. Known keys: ${[...known.keys()].join(', ')}.`,
      );
    }
    const source = command.getOptionValueSource(option.attributeName());
    if (source === 'cli' || source === 'env') continue;
    command.setOptionValueWithSource(option.attributeName(), parse(option, key, value), 'config');
  }
}

function parse(option: Option, key: string, value: unknown): unknown {
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return value;
    throw new InvalidArgumentError(`${key}: write true or false.`);
  }
  const texts = (Array.isArray(value) ? value : [value]).map((each: unknown) => {
    if (typeof each === 'string' || typeof each === 'number') return String(each);
    throw new InvalidArgumentError(`${key}: write a string, a number, or a list of them.`);
  });
  const parsed = texts.reduce<unknown>((before, text) => {
    if (option.parseArg === undefined) return text;
    return option.parseArg(text, before as never);
  }, undefined);
  if (texts.length > 1 && !Array.isArray(parsed)) {
    throw new InvalidArgumentError(`${key}: write one value, not a list.`);
  }
  return parsed;
}
