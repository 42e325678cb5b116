/** Options of `packetlog hub …`. */
import { parseDuration, RuleValueError } from '@packetlog/common';
import { groupNameSchema, nodeNameSchema, personNameSchema, type Role, roleSchema } from '@packetlog/common/fleet';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LogLevel, TlsFiles } from '../options/run-settings.ts';
import type { ListenAddress } from '../options/values.ts';
import type { HistorySettings } from './history-options.ts';

export const DEFAULT_HUB_STATE = '/var/lib/packetlog-hub';
const DAY_MS = 86_400_000;
const MAX_TOKEN_DAYS = 30;

/** Where the state of a hub is, and where a running hub answers commands. */
export interface HubPlace {
  /** A directory, or `nats://…`. */
  readonly state: string;
  /** Path of the Unix socket; undefined: `hub.sock` in the directory. */
  readonly socket: string | undefined;
}

export interface HubOptions extends HubPlace {
  readonly listen: ListenAddress;
  readonly tls: TlsFiles | undefined;
  readonly ui: string | undefined;
  readonly allowOrigin: readonly string[];
  readonly metrics: ListenAddress | 'same' | 'off';
  readonly logLevel: LogLevel;
  /** Undefined: the hub keeps no history. */
  readonly history: HistorySettings | undefined;
}

export function placeOf(command: Command): HubPlace {
  const { state, socket } = command.opts<{ state: string; socket?: string }>();
  return { state, socket };
}

export function stateOption(): Option {
  return new Option(
    '--state <dir|url>',
    'directory of the hub’s state, or nats://HOST:PORT to share it with other hubs',
  )
    .argParser(statePlace)
    .default(DEFAULT_HUB_STATE)
    .env('PACKETLOG_HUB_STATE');
}

export function socketOption(): Option {
  return new Option('--socket <path>', 'Unix socket where the hub answers commands (default: hub.sock in --state)').env(
    'PACKETLOG_HUB_SOCKET',
  );
}

/** Adds the options of every command that asks the hub. */
export function withPlace(command: Command): Command {
  return command.addOption(stateOption()).addOption(socketOption());
}

/** Adds also `--json`. */
export function withJson(command: Command): Command {
  return withPlace(command).addOption(jsonOption());
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

function statePlace(text: string): string {
  if (text === '' || text.includes('\0')) throw new InvalidArgumentError('Write the name of a directory.');
  return text;
}

/** Parses the time that a join token is valid, as seconds. */
export function tokenSeconds(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms >= 1000 && ms <= MAX_TOKEN_DAYS * DAY_MS) return Math.floor(ms / 1000);
  } catch (error) {
    if (!(error instanceof RuleValueError)) throw error;
  }
  throw new InvalidArgumentError(`Write a time up to ${MAX_TOKEN_DAYS}d, such as 1h.`);
}

interface NameSchema {
  safeParse(text: string): {
    readonly data?: string | undefined;
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  };
}

/** Returns a parser of names, which throws InvalidArgumentError. */
function nameOf(schema: NameSchema): (text: string) => string {
  return (text) => {
    const { data, error } = schema.safeParse(text);
    if (data !== undefined) return data;
    throw new InvalidArgumentError(error?.issues[0]?.message ?? 'Write a name.');
  };
}

export const groupName = nameOf(groupNameSchema);
export const nodeName = nameOf(nodeNameSchema);
export const personName = nameOf(personNameSchema);

/** Parses `look`, `admin` or `rules:GROUP,…`. */
export function role(text: string): Role {
  const [kind, groups] = text.split(':', 2);
  const given = kind === 'rules' ? { kind, groups: groups?.split(',') ?? [] } : { kind: text };
  const parsed = roleSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Write look, rules:GROUP,… or admin.');
}
