/**
 * What PacketLog needs from the system, why, how to see that it is there, and its name per distribution.
 *
 * @typedef {'build' | 'run' | 'test' | 'bench' | 'check'} Purpose
 * @typedef {{ command: string } | { header: string } | { library: string }} Probe
 *   command: on PATH. header: below an include directory. library: soname below a library directory.
 * @typedef {object} SystemPackage
 * @property {string} what
 * @property {string} why
 * @property {Purpose} purpose
 * @property {Probe} probe
 * @property {{ apt: string, dnf: string, pacman: string }} names
 */

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
  {
    what: 'clang',
    why: 'compiles the XDP program to BPF',
    purpose: 'build',
    probe: { command: 'clang' },
    names: { apt: 'clang', dnf: 'clang', pacman: 'clang' },
  },
  {
    what: 'libbpf headers',
    why: 'bpf_helpers.h, used by the XDP program',
    purpose: 'build',
    probe: { header: 'bpf/bpf_helpers.h' },
    names: { apt: 'libbpf-dev', dnf: 'libbpf-devel', pacman: 'libbpf' },
  },
  {
    what: 'kernel headers for user space',
    why: 'linux/bpf.h and asm/types.h, used by the XDP program',
    purpose: 'build',
    probe: { header: 'asm/types.h' },
    names: { apt: 'linux-libc-dev', dnf: 'kernel-headers', pacman: 'linux-api-headers' },
  },
  {
    what: 'libbpf',
    why: 'the loader loads and attaches the program through it',
    purpose: 'run',
    probe: { library: 'libbpf.so.1' },
    names: { apt: 'libbpf1', dnf: 'libbpf', pacman: 'libbpf' },
  },
  {
    what: 'iproute2',
    why: 'ip makes the network namespaces of `packetlog demo` and of the tests',
    purpose: 'run',
    probe: { command: 'ip' },
    names: { apt: 'iproute2', dnf: 'iproute', pacman: 'iproute2' },
  },
  {
    what: 'Chromium',
    why: 'the tests look at the dashboard in a real browser',
    purpose: 'test',
    probe: { command: 'chromium' },
    names: { apt: 'chromium', dnf: 'chromium', pacman: 'chromium' },
  },
  {
    what: 'bpftool',
    why: 'the tests compare the compiled object with the record layout, and look at what is attached',
    purpose: 'test',
    probe: { command: 'bpftool' },
    names: { apt: 'bpftool', dnf: 'bpftool', pacman: 'bpf' },
  },
  {
    what: 'tshark',
    why: 'the tests open captures with it',
    purpose: 'test',
    probe: { command: 'tshark' },
    names: { apt: 'tshark', dnf: 'wireshark-cli', pacman: 'wireshark-cli' },
  },
  {
    what: 'tcpdump',
    why: 'the tests hold the filter language against it',
    purpose: 'test',
    probe: { command: 'tcpdump' },
    names: { apt: 'tcpdump', dnf: 'tcpdump', pacman: 'tcpdump' },
  },
  {
    what: 'tcpdump',
    why: 'pnpm bench compares with it',
    purpose: 'bench',
    probe: { command: 'tcpdump' },
    names: { apt: 'tcpdump', dnf: 'tcpdump', pacman: 'tcpdump' },
  },
  {
    what: 'xdp-tools',
    why: 'pnpm bench compares with its xdpdump',
    purpose: 'bench',
    probe: { command: 'xdpdump' },
    names: { apt: 'xdp-tools', dnf: 'xdp-tools', pacman: 'xdp-tools' },
  },
  {
    what: 'clang-format',
    why: 'checks the format of the C sources',
    purpose: 'check',
    probe: { command: 'clang-format' },
    names: { apt: 'clang-format', dnf: 'clang-tools-extra', pacman: 'clang' },
  },
];
