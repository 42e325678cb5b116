/**
 * The system packages that PacketLog needs, the reason, how to detect them, and their names per distribution.
 *
 * @typedef {'build' | 'run' | 'test' | 'kernels' | 'kernels on arm64' | 'every kernel case' | 'boot' | 'bench' | 'check'} Purpose
 * @typedef {{ command: string } | { header: string } | { library: string } | { file: string } | { unpacked: string }} Probe
 *   command: on PATH. header: below an include directory. library: soname below a library directory. file: a path.
 *   unpacked: a program, by its path in the package, on PATH or unpacked: such a package is not installed, because it
 *   would start a service and enable it (unpack.mjs).
 * @typedef {object} SystemPackage
 * @property {string} what
 * @property {string} why
 * @property {readonly Purpose[]} purposes
 * @property {Probe} probe
 * @property {{ apt: string, dnf: string, pacman: string }} names
 */

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
  {
    what: 'clang',
    why: 'compiles the XDP program to BPF',
    purposes: ['build'],
    probe: { command: 'clang' },
    names: { apt: 'clang', dnf: 'clang', pacman: 'clang' },
  },
  {
    what: 'libbpf headers',
    why: 'bpf_helpers.h, used by the XDP program',
    purposes: ['build'],
    probe: { header: 'bpf/bpf_helpers.h' },
    names: { apt: 'libbpf-dev', dnf: 'libbpf-devel', pacman: 'libbpf' },
  },
  {
    what: 'kernel headers for user space',
    why: 'linux/bpf.h and asm/types.h, used by the XDP program',
    purposes: ['build'],
    probe: { header: 'asm/types.h' },
    names: { apt: 'linux-libc-dev', dnf: 'kernel-headers', pacman: 'linux-api-headers' },
  },
  {
    what: 'libbpf',
    why: 'the loader loads and attaches the program through it',
    purposes: ['run'],
    probe: { library: 'libbpf.so.1' },
    names: { apt: 'libbpf1', dnf: 'libbpf', pacman: 'libbpf' },
  },
  {
    what: 'libatomic',
    why: 'the pinned Node.js links to it',
    purposes: ['build', 'run'],
    probe: { library: 'libatomic.so.1' },
    names: { apt: 'libatomic1', dnf: 'libatomic', pacman: 'gcc-libs' },
  },
  {
    what: 'iproute2',
    why: 'ip creates the network namespaces of `packetlog demo` and of the tests',
    purposes: ['run'],
    probe: { command: 'ip' },
    names: { apt: 'iproute2', dnf: 'iproute', pacman: 'iproute2' },
  },
  {
    what: 'Chromium',
    why: 'the tests and pnpm bench open the dashboard in a real browser',
    purposes: ['test', 'bench'],
    probe: { command: 'chromium' },
    names: { apt: 'chromium', dnf: 'chromium', pacman: 'chromium' },
  },
  {
    what: 'bpftool',
    why: 'the tests compare the compiled object with the record layout, and list attached programs',
    purposes: ['test'],
    probe: { command: 'bpftool' },
    names: { apt: 'bpftool', dnf: 'bpftool', pacman: 'bpf' },
  },
  {
    what: 'systemd-analyze',
    why: 'the tests check the systemd unit with it',
    purposes: ['test'],
    probe: { command: 'systemd-analyze' },
    names: { apt: 'systemd', dnf: 'systemd', pacman: 'systemd' },
  },
  {
    what: 'tshark',
    why: 'the tests read captures with it',
    purposes: ['test'],
    probe: { command: 'tshark' },
    names: { apt: 'tshark', dnf: 'wireshark-cli', pacman: 'wireshark-cli' },
  },
  {
    what: 'tcpdump',
    why: 'the tests compare the filter language with it, and pnpm bench compares its speed',
    purposes: ['test', 'bench'],
    probe: { command: 'tcpdump' },
    names: { apt: 'tcpdump', dnf: 'tcpdump', pacman: 'tcpdump' },
  },
  {
    what: 'nmap',
    why: 'the tests scan with it',
    purposes: ['test'],
    probe: { command: 'nmap' },
    names: { apt: 'nmap', dnf: 'nmap', pacman: 'nmap' },
  },
  {
    what: 'hping3',
    why: 'the tests send a flood from forged sources with it, inside their namespaces',
    purposes: ['test'],
    probe: { command: 'hping3' },
    names: { apt: 'hping3', dnf: 'hping3', pacman: 'hping' },
  },
  {
    what: 'ab',
    why: 'the tests make ordinary traffic with it',
    purposes: ['test'],
    probe: { command: 'ab' },
    names: { apt: 'apache2-utils', dnf: 'httpd-tools', pacman: 'apache' },
  },
  {
    what: 'rsync',
    why: 'the same',
    purposes: ['test'],
    probe: { command: 'rsync' },
    names: { apt: 'rsync', dnf: 'rsync', pacman: 'rsync' },
  },
  {
    what: 'curl',
    why: 'the same',
    purposes: ['test'],
    probe: { command: 'curl' },
    names: { apt: 'curl', dnf: 'curl', pacman: 'curl' },
  },
  {
    what: 'openssl',
    why: 'the tests make certificates with it',
    purposes: ['test'],
    probe: { command: 'openssl' },
    names: { apt: 'openssl', dnf: 'openssl', pacman: 'openssl' },
  },
  {
    what: 'Prometheus',
    why: 'the tests let it scrape the loader, and check metrics and alert rules with promtool; unpacked, not installed',
    purposes: ['test'],
    probe: { unpacked: 'usr/bin/prometheus' },
    names: { apt: 'prometheus', dnf: 'golang-github-prometheus', pacman: 'prometheus' },
  },
  {
    what: 'ClickHouse library',
    why: 'the ClickHouse server consists of it, apart from its start',
    purposes: ['test'],
    probe: { library: 'libclickhouse.so.18.16' },
    names: { apt: 'clickhouse-common', dnf: 'clickhouse-common-static', pacman: 'clickhouse' },
  },
  {
    what: 'ClickHouse',
    why: 'the tests compare filters with it, and let it read segment files; unpacked, not installed',
    purposes: ['test'],
    probe: { unpacked: 'usr/sbin/clickhouse-server' },
    names: { apt: 'clickhouse-server', dnf: 'clickhouse-server', pacman: 'clickhouse' },
  },
  {
    what: 'Python',
    why: 'fail2ban is written in it',
    purposes: ['test'],
    probe: { command: 'python3' },
    names: { apt: 'python3', dnf: 'python3', pacman: 'python' },
  },
  {
    what: 'fail2ban',
    why: 'the tests run it with the action in deploy/fail2ban; unpacked, not installed',
    purposes: ['test'],
    probe: { unpacked: 'usr/bin/fail2ban-server' },
    names: { apt: 'fail2ban', dnf: 'fail2ban-server', pacman: 'fail2ban' },
  },
  {
    what: 'nginx',
    why: 'the tests put it in front of the loader, with the configuration of docs/deploy.md; unpacked, not installed',
    purposes: ['test'],
    probe: { unpacked: 'usr/sbin/nginx' },
    names: { apt: 'nginx', dnf: 'nginx-core', pacman: 'nginx' },
  },
  {
    what: 'Caddy',
    why: 'the same as nginx',
    purposes: ['test'],
    probe: { unpacked: 'usr/bin/caddy' },
    names: { apt: 'caddy', dnf: 'caddy', pacman: 'caddy' },
  },
  {
    what: 'QEMU',
    why: 'pnpm test:kernels boots other kernels in QEMU, and pnpm test:boot the package',
    purposes: ['kernels', 'boot'],
    probe: { command: 'qemu-system-x86_64' },
    names: { apt: 'qemu-system-x86', dnf: 'qemu-system-x86-core', pacman: 'qemu-system-x86' },
  },
  {
    what: 'QEMU for ARM',
    why: 'the same for 64-bit ARM',
    purposes: ['kernels on arm64'],
    probe: { command: 'qemu-system-aarch64' },
    names: { apt: 'qemu-system-arm', dnf: 'qemu-system-aarch64-core', pacman: 'qemu-system-aarch64' },
  },
  {
    what: 'readelf',
    why: 'finds the libraries that the programs of the ARM guest need',
    purposes: ['kernels on arm64'],
    probe: { command: 'readelf' },
    names: { apt: 'binutils', dnf: 'binutils', pacman: 'binutils' },
  },
  {
    what: 'busybox',
    why: 'the userland of those kernels, and of the initramfs of pnpm test:boot',
    purposes: ['kernels', 'boot'],
    probe: { command: 'busybox' },
    names: { apt: 'busybox-static', dnf: 'busybox', pacman: 'busybox' },
  },
  {
    what: 'xz',
    why: 'pnpm test:kernels unpacks the modules of those kernels with it',
    purposes: ['kernels'],
    probe: { command: 'xz' },
    names: { apt: 'xz-utils', dnf: 'xz', pacman: 'xz' },
  },
  {
    what: 'debootstrap',
    why: 'pnpm test:boot makes a small Debian with it',
    purposes: ['boot'],
    probe: { command: 'debootstrap' },
    names: { apt: 'debootstrap', dnf: 'debootstrap', pacman: 'debootstrap' },
  },
  {
    what: 'mke2fs',
    why: 'pnpm test:boot makes the disk of that Debian with it',
    purposes: ['boot'],
    probe: { command: 'mke2fs' },
    names: { apt: 'e2fsprogs', dnf: 'e2fsprogs', pacman: 'e2fsprogs' },
  },
  {
    what: 'depmod',
    why: 'pnpm test:boot installs the modules of its kernel with it',
    purposes: ['boot'],
    probe: { command: 'depmod' },
    names: { apt: 'kmod', dnf: 'kmod', pacman: 'kmod' },
  },
  {
    what: 'wg',
    why: 'pnpm test:kernels sets up WireGuard with it',
    purposes: ['every kernel case'],
    probe: { command: 'wg' },
    names: { apt: 'wireguard-tools', dnf: 'wireguard-tools', pacman: 'wireguard-tools' },
  },
  {
    what: 'setpriv',
    why: 'pnpm test:kernels drops capabilities with it',
    purposes: ['kernels'],
    probe: { command: 'setpriv' },
    names: { apt: 'util-linux', dnf: 'util-linux', pacman: 'util-linux' },
  },
  {
    what: 'netbase',
    why: 'tcpdump looks up names of ports such as https in /etc/services',
    purposes: ['test'],
    probe: { file: '/etc/services' },
    names: { apt: 'netbase', dnf: 'setup', pacman: 'iana-etc' },
  },
  {
    what: 'xdp-tools',
    why: 'pnpm bench compares the speed of xdpdump and xdp-filter',
    purposes: ['bench'],
    probe: { command: 'xdpdump' },
    names: { apt: 'xdp-tools', dnf: 'xdp-tools', pacman: 'xdp-tools' },
  },
  {
    what: 'nftables',
    why: 'pnpm bench compares what a denied packet costs',
    purposes: ['bench'],
    probe: { command: 'nft' },
    names: { apt: 'nftables', dnf: 'nftables', pacman: 'nftables' },
  },
  {
    what: 'ipset',
    why: 'the same',
    purposes: ['bench'],
    probe: { command: 'ipset' },
    names: { apt: 'ipset', dnf: 'ipset', pacman: 'ipset' },
  },
  {
    what: 'iptables',
    why: 'pnpm bench denies with it by an ipset',
    purposes: ['bench'],
    probe: { command: 'iptables' },
    names: { apt: 'iptables', dnf: 'iptables-nft', pacman: 'iptables-nft' },
  },
  {
    what: 'clang-format',
    why: 'checks the format of the C sources',
    purposes: ['check'],
    probe: { command: 'clang-format' },
    names: { apt: 'clang-format', dnf: 'clang-tools-extra', pacman: 'clang' },
  },
];
