/** Options that `packetlog run` shares with other commands. */
import { Option } from 'commander';
import { interfaceName, network, networkNamespace } from './values.ts';

/** Parses values separated by commas; the option may be repeated. */
export function list(each: (text: string) => string) {
  return (text: string, before: string[] | undefined): string[] => [
    ...(before ?? []),
    ...text.split(',').map((part) => each(part.trim())),
  ];
}

/** Parses names separated by commas; `\\,` stands for a comma in a name. */
export function names(text: string, before: string[] | undefined): string[] {
  const parts = text.split(/(?<!\\),/).map((part) => part.replaceAll('\\,', ','));
  return [...(before ?? []), ...parts.map((part) => interfaceName(part.trim()))];
}

/** Also used by `packetlog unload`. */
export function bpfFsOption(): Option {
  return new Option('--bpf-fs <dir>', 'mount point of the bpf file system to pin in (default: /sys/fs/bpf)').env(
    'PACKETLOG_BPFFS',
  );
}

/** Also used by `packetlog rules`. */
export function netnsOption(description: string): Option {
  return new Option('--netns <name>', description).argParser(networkNamespace).env('PACKETLOG_NETNS');
}

/** Also used by `packetlog rules`. */
export function rulesFileOption(): Option {
  return new Option(
    '--rules <file>',
    'the rules file (default: rules.json in PACKETLOG_STATE_DIR if that is set, else /etc/packetlog/rules.json)',
  ).env('PACKETLOG_RULES');
}

/** Also used by `packetlog rules`. */
export function protectOption(): Option {
  return new Option('--protect <address>', 'address or network that no rule may deny; repeat or separate with commas')
    .argParser(list(network))
    .env('PACKETLOG_PROTECT');
}
