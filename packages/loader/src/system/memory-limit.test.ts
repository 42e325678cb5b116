import { expect, it } from 'vitest';
import { memoryLimit } from './memory-limit.ts';

const MACHINE = 8 * 2 ** 30;

function limitWith(files: Readonly<Record<string, string>>): number {
  return memoryLimit(MACHINE, (path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT ${path}`);
    return text;
  });
}

it.each([
  ['nothing to read', {}, MACHINE],
  ['no limit', { '/proc/self/cgroup': '0::/a\n', '/sys/fs/cgroup/a/memory.max': 'max\n' }, MACHINE],
  ['its own', { '/proc/self/cgroup': '0::/a\n', '/sys/fs/cgroup/a/memory.max': '100663296\n' }, 100_663_296],
  [
    'that of a group above it',
    {
      '/proc/self/cgroup': '0::/a/b.service\n',
      '/sys/fs/cgroup/a/b.service/memory.max': '300\n',
      '/sys/fs/cgroup/a/memory.max': '200\n',
    },
    200,
  ],
  [
    'a container’s, which is the root there',
    { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '500\n' },
    500,
  ],
  [
    'version 1, and another controller’s group',
    {
      '/proc/self/cgroup': '9:cpu,cpuacct:/x\n4:memory:/y\n0::/\n',
      '/sys/fs/cgroup/memory/y/memory.limit_in_bytes': '400\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    },
    400,
  ],
])('%s', (_, files, bytes) => {
  expect(limitWith(files)).toBe(bytes);
});
