/** The options of a node of a fleet: the hubs that it dials. */
import { hostname } from 'node:os';
import { type JoinToken, nodeNameSchema, parseJoinToken } from '@packetlog/common/fleet';
import { InvalidArgumentError, Option } from 'commander';
import { SetupError } from '../../errors/setup-error.ts';
import { isLoopback } from '../../server/http/allowed-hosts.ts';
import { list } from './shared-options.ts';
import { fileName } from './values.ts';

/** Requests between the processes name a hub by its index, up to 15. */
const MAX_HUBS = 16;
const SHA256_HEX = /^[0-9a-f]{64}$/;

export interface HubOptions {
  /** Origins. */
  readonly urls: readonly string[];
  /** Undefined: the node has joined before. */
  readonly joinToken: JoinToken | undefined;
  /** File with certificate authorities in PEM; undefined: those of the machine. */
  readonly ca: string | undefined;
  /** SHA-256 of accepted TLS certificates, 64 small hex digits; empty: certificate authorities decide. */
  readonly fingerprints: readonly string[];
  /** The name to join with. */
  readonly name: string;
}

/** Parses a hub's URL; returns its origin. */
export function hubUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw new InvalidArgumentError('Write https:// and a host, optionally with a port, without a path.');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new InvalidArgumentError(
      'Without TLS everyone on the way could read and change what the hub sends: write https://. Plain http:// is only for a hub on this machine.',
    );
  }
  return url.origin;
}

/** Parses the text that `packetlog hub join-token` prints. */
export function joinToken(text: string): JoinToken {
  const token = parseJoinToken(text);
  if (token !== undefined) return token;
  throw new InvalidArgumentError('This is not a join token. Get one on the hub: packetlog hub join-token.');
}

/** Parses `sha256/HEX`, also with colons between the bytes; returns 64 small hex digits. */
export function fingerprint(text: string): string {
  const hex = text
    .toLowerCase()
    .replace(/^sha256\//, '')
    .replaceAll(':', '');
  if (SHA256_HEX.test(hex)) return hex;
  throw new InvalidArgumentError('Write sha256/ and 64 hex digits, as the hub prints at its start.');
}

export function nodeName(text: string): string {
  const parsed = nodeNameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'This is no name.');
}

/** In the order of --help. */
export function hubOptions(): Option[] {
  return [
    new Option(
      '--hub <url>',
      'hub of a fleet that this node dials, such as https://hub.example; repeat or separate with commas',
    )
      .argParser(list(hubUrl))
      .env('PACKETLOG_HUB'),
    new Option(
      '--hub-token <token>',
      'join token of the hub; needed once (better in PACKETLOG_HUB_TOKEN: ps shows it here)',
    )
      .argParser(joinToken)
      .env('PACKETLOG_HUB_TOKEN'),
    new Option('--hub-ca <file>', 'accept only hubs whose certificate these authorities signed (PEM)')
      .argParser(fileName)
      .env('PACKETLOG_HUB_CA'),
    new Option(
      '--hub-fingerprint <sha256/hex>',
      'accept only hubs with this TLS certificate, such as a self-signed one; repeat or separate with commas',
    )
      .argParser(list(fingerprint))
      .env('PACKETLOG_HUB_FINGERPRINT'),
    new Option('--node-name <name>', 'name of this node when it joins a fleet (default: the host name)')
      .argParser(nodeName)
      .env('PACKETLOG_NODE_NAME'),
  ];
}

/** The values of these options, as commander returns them. */
export interface GivenHubOptions {
  readonly hub?: readonly string[];
  readonly hubToken?: JoinToken;
  readonly hubCa?: string;
  readonly hubFingerprint?: readonly string[];
  readonly nodeName?: string;
}

/** Returns undefined without `--hub`. Throws SetupError for options that do not fit. */
export function hubsOf(given: GivenHubOptions): HubOptions | undefined {
  const { hub: urls, hubToken, hubCa, hubFingerprint = [], nodeName: name } = given;
  if (urls === undefined) {
    // A token may stay in the environment of a loader that has no hub any more.
    const alone = hubCa === undefined ? (hubFingerprint.length > 0 ? '--hub-fingerprint' : undefined) : '--hub-ca';
    if (alone === undefined) return undefined;
    throw unusable(alone, '--hub is missing', 'Name the hub with --hub URL.');
  }
  if (new Set(urls).size > MAX_HUBS) throw unusable('--hub', `there are more than ${MAX_HUBS}`, 'Name fewer hubs.');
  if (hubCa !== undefined && hubFingerprint.length > 0) {
    throw unusable('--hub-ca', 'there is also --hub-fingerprint', 'Give one of both.');
  }
  return {
    urls: [...new Set(urls)],
    joinToken: hubToken,
    ca: hubCa,
    fingerprints: hubFingerprint,
    name: name ?? nameOfHost(hostname()),
  };
}

/** Returns the host name as a node's name. Throws SetupError if it cannot be one. */
export function nameOfHost(host: string): string {
  const parsed = nodeNameSchema.safeParse(host.toLowerCase());
  if (parsed.success) return parsed.data;
  throw unusable('host name', `${JSON.stringify(host)} cannot be the name of a node`, 'Name it with --node-name NAME.');
}

function unusable(target: string, problem: string, next: string): SetupError {
  return new SetupError({ step: 'use', target, problem, next, exit: 'usage' });
}
