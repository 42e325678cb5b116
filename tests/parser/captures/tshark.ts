/** Runs tshark, reduced to the layers that PacketLog parses, on a file. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lab/command.ts';
import { linesOf } from './lines.ts';
import { TSHARK_FIELDS, TsharkRow } from './tshark-row.ts';

/** All other dissectors are disabled: they would take over payloads by port or by guess. */
const LAYERS = new Set(
  'eth ethertype vlan ieee8021ad pppoes ppp raw ip ipv6 ipv6.hopopts ipv6.routing ipv6.fraghdr ipv6.dstopts shim6 ah mipv6 hip tcp udp udplite sctp icmp icmpv6 data frame'.split(
    ' ',
  ),
);
/** Frames are judged one by one. */
const PREFERENCES = [
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'tcp.analyze_sequence_numbers:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
];

export class Tshark {
  readonly #directory: string;
  readonly version: string;

  private constructor(directory: string, version: string) {
    this.#directory = directory;
    this.version = version;
  }

  /** `scratch`: a directory for its configuration. */
  static async configured(scratch: string): Promise<Tshark> {
    const directory = join(scratch, 'tshark');
    mkdirSync(directory, { recursive: true });
    const names = (await run('tshark', ['-G', 'protocols'])).split('\n').map((line) => line.split('\t')[2] ?? '');
    const disabled = names.filter((name) => name !== '' && !name.startsWith('_ws') && !LAYERS.has(name));
    writeFileSync(join(directory, 'disabled_protos'), `${disabled.join('\n')}\n`);
    const version = /TShark \(Wireshark\) (\S+)/.exec(await run('tshark', ['--version']))?.[1] ?? 'unknown';
    return new Tshark(directory, version);
  }

  /** Resolves with a row for each frame of the file. */
  async rows(file: string): Promise<TsharkRow[]> {
    const options = PREFERENCES.flatMap((preference) => ['-o', preference]);
    const format = ['occurrence=a', 'aggregator=,', 'separator=/t'].flatMap((option) => ['-E', option]);
    const fields = TSHARK_FIELDS.flatMap((field) => ['-e', field]);
    const child = spawn('tshark', ['-n', '-Q', '-r', file, ...options, '-T', 'fields', ...format, ...fields], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, WIRESHARK_CONFIG_DIR: this.#directory },
    });
    return (await linesOf(child)).map((line) => new TsharkRow(line));
  }
}
