import { describe, expect, it } from 'vitest';
import { aptRemedy } from './apt.mjs';
import { installByHand, packageNames } from './ensure.mjs';
import { kernelPurposes } from './kernel-purposes.mjs';
import { SYSTEM_PACKAGES } from './packages.mjs';
import { isPresent, missingPackages } from './probe.mjs';

const nothing = () => false;

describe('system packages', () => {
  it('requires only what the purpose needs', () => {
    expect(packageNames(missingPackages(['run'], nothing), 'apt')).toEqual(['libbpf1', 'libatomic1', 'iproute2']);
    expect(packageNames(missingPackages(['check'], nothing), 'apt')).toEqual(['clang-format']);
  });

  it.each([
    [['--cases', 'brief', '6.1'], []],
    [['--cases', 'brief,set', '6.1'], ['wireguard-tools']],
    [['6.1', 'current'], ['wireguard-tools']],
    [
      ['--cases', 'brief', '6.1', '6.1-arm64'],
      ['qemu-system-arm', 'binutils'],
    ],
    // All kernels.
    [
      ['--cases', 'brief', '--at-once', '2', '--record'],
      ['qemu-system-arm', 'binutils'],
    ],
    [[], ['qemu-system-arm', 'binutils', 'wireguard-tools']],
  ])('requires for pnpm test:kernels %j besides the usual %j', (args, more) => {
    const usual = ['qemu-system-x86', 'busybox-static', 'xz-utils', 'util-linux'];
    const names = packageNames(missingPackages(kernelPurposes(args), nothing), 'apt');
    expect(new Set(names)).toEqual(new Set([...usual, ...more]));
  });

  it('requires the browser and the tools that the benchmark compares with', () => {
    const bench = ['chromium', 'tcpdump', 'xdp-tools', 'nftables', 'ipset', 'iptables'];
    expect(packageNames(missingPackages(['bench'], nothing), 'apt')).toEqual(bench);
  });

  it('requires nothing if everything is present', () => {
    expect(missingPackages(['build', 'run', 'test', 'check'], () => true)).toEqual([]);
  });

  it('names a package once if it contains two of them', () => {
    expect(packageNames(missingPackages(['build', 'run'], nothing), 'pacman')).toEqual([
      'clang',
      'libbpf',
      'linux-api-headers',
      'gcc-libs',
      'iproute2',
    ]);
  });

  it('prints the package names of three distribution families if apt-get is missing', () => {
    const text = installByHand(missingPackages(['build'], nothing));
    expect(text).toContain('apt-get install clang libbpf-dev linux-libc-dev');
    expect(text).toContain('dnf install clang libbpf-devel kernel-headers');
    expect(text).toContain('pacman -S clang libbpf linux-api-headers');
  });

  it('finds a command and a file that exist, and no command, header, library or file that does not', () => {
    const [any] = SYSTEM_PACKAGES;
    expect(any && isPresent({ ...any, probe: { command: 'sh' } })).toBe(true);
    expect(any && isPresent({ ...any, probe: { command: 'no-such-command' } })).toBe(false);
    expect(any && isPresent({ ...any, probe: { header: 'no/such.h' } })).toBe(false);
    expect(any && isPresent({ ...any, probe: { library: 'libnosuch.so.1' } })).toBe(false);
    expect(any && isPresent({ ...any, probe: { file: '/etc/passwd' } })).toBe(true);
    expect(any && isPresent({ ...any, probe: { file: '/no/such/file' } })).toBe(false);
    expect(any && isPresent({ ...any, probe: { unpacked: 'usr/bin/sh' } })).toBe(true);
    expect(any && isPresent({ ...any, probe: { unpacked: 'usr/bin/no-such-program' } })).toBe(false);
  });
});

describe('what to do when apt-get fails', () => {
  it.each([
    ['E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7', 'Another package manager'],
    ['E: Unable to locate package libbpf1', 'no package of that name'],
    ["Err:1 http://archive.example bookworm InRelease\n  Temporary failure resolving 'archive.example'", 'network'],
    ['W: Failed to fetch http://archive.example  Could not resolve\nE: Unable to locate package clang', 'network'],
    ['You do not have enough free space: no space left on device', 'disk is full'],
    ['something never seen', 'by hand'],
  ])('%s', (log, remedy) => {
    expect(aptRemedy(log)).toContain(remedy);
  });
});
