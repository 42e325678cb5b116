import { expect, it } from 'vitest';
import { requireKernelFiles } from './kernel-files.ts';

it('are there on this machine', () => {
  expect(() => requireKernelFiles()).not.toThrow();
});

it.each([
  ['/proc', 'Mount them: mount -t proc proc /proc.'],
  ['/sys', 'Mount them: mount -t sysfs sysfs /sys.'],
])('if %s is missing, the error explains how to mount it', (missing, next) => {
  expect(() => requireKernelFiles((path) => !path.startsWith(missing))).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(new RegExp(`not mounted at ${missing}\\. ${next}`)),
      facts: expect.objectContaining({ exit: 'unsupported' }),
    }),
  );
});
