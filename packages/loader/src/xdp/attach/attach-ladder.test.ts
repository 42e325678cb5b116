import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../errors/errno.ts';
import type { RequestedMode } from '../../ipc/settings.ts';
import { climb, explainRejections, genericFirst, ladder, type Step } from './attach-ladder.ts';

const modes = (requested: RequestedMode, hasFrags: boolean) => ladder(requested, hasFrags).map(({ mode }) => mode);

describe('the attach ladder', () => {
  it.each<[RequestedMode, boolean, string[]]>([
    ['auto', true, ['native_frags', 'native', 'generic']],
    ['auto', false, ['native', 'generic']],
    ['native', true, ['native_frags', 'native']],
    ['native', false, ['native']],
    ['generic', true, ['generic']],
    ['generic', false, ['generic']],
  ])('has for --mode %s, with frags: %s, the steps %j', (requested, hasFrags, steps) => {
    expect(modes(requested, hasFrags)).toEqual(steps);
  });

  it.each<[RequestedMode, boolean, string[]]>([
    ['auto', true, ['generic', 'native_frags', 'native']],
    ['auto', false, ['generic', 'native']],
    ['native', true, ['native_frags', 'native']],
    ['generic', true, ['generic']],
  ])('has on veth for --mode %s, with frags: %s, the steps %j', (requested, hasFrags, steps) => {
    expect(ladder(requested, hasFrags, 'veth').map(({ mode }) => mode)).toEqual(steps);
    expect(genericFirst(requested, 'veth') !== undefined).toBe(requested === 'auto');
    expect(genericFirst(requested, 'macvlan')).toBeUndefined();
  });

  it('states the cost of native mode on veth, as measured in docs/decisions/interfaces.md', () => {
    expect(genericFirst('auto', 'veth')).toMatch(/leaves a TCP stream about a third of its speed; --mode native/);
  });

  it('uses the program for several buffers only where the mode is for it', () => {
    expect(ladder('auto', true).map(({ mode, program }) => [mode, program])).toEqual([
      ['native_frags', 'frags'],
      ['native', 'single'],
      ['generic', 'single'],
    ]);
  });
});

/**
 * Climbs a kernel that returns the given results, 0 or an errno, one for each step. Returns the outcome and the steps
 * tried.
 */
function climbed(answers: Partial<Record<Step['mode'], number>>) {
  const tried: string[] = [];
  const result = climb(ladder('auto', true), (step) => {
    tried.push(step.mode);
    const errno = answers[step.mode] ?? 0;
    return errno === 0 ? { value: 17, errno } : { value: -errno, errno };
  });
  return { result, tried };
}

describe('climb', () => {
  it('takes the first step that succeeds', () => {
    const { result, tried } = climbed({});
    expect(result).toEqual({
      outcome: 'attached',
      step: { mode: 'native_frags', program: 'frags' },
      link: 17,
      rejections: [],
    });
    expect(tried).toEqual(['native_frags']);
  });

  it('accepts descriptor 0', () => {
    expect(climb(ladder('generic', true), () => ({ value: 0, errno: 0 }))).toMatchObject({
      outcome: 'attached',
      link: 0,
    });
  });

  it.each(['EINVAL', 'ERANGE', 'EOPNOTSUPP', 'ENOSPC', 'ENOMEM', 'EAGAIN', 'ENOENT'] as const)(
    'goes one step down after %s, and remembers it',
    (name) => {
      const { result, tried } = climbed({ native_frags: ERRNO[name], native: ERRNO[name] });
      expect(tried).toEqual(['native_frags', 'native', 'generic']);
      expect(result).toMatchObject({
        outcome: 'attached',
        step: { mode: 'generic' },
        rejections: [
          { step: { mode: 'native_frags' }, errno: ERRNO[name] },
          { step: { mode: 'native' }, errno: ERRNO[name] },
        ],
      });
    },
  );

  it.each(['EBUSY', 'EEXIST'] as const)('stops at %s: another program is there, on whichever step', (name) => {
    expect(climbed({ native_frags: ERRNO[name] })).toMatchObject({
      result: { outcome: 'busy' },
      tried: ['native_frags'],
    });
    const later = climbed({ native_frags: ERRNO.EINVAL, native: ERRNO.EOPNOTSUPP, generic: ERRNO[name] });
    expect(later.result).toMatchObject({ outcome: 'busy' });
    expect(later.result.rejections.at(-1)).toMatchObject({ errno: ERRNO[name], step: { mode: 'generic' } });
  });

  it.each(['EPERM', 'EACCES', 'ENODEV'] as const)('gives up at %s', (name) => {
    const errno = ERRNO[name];
    expect(climbed({ native_frags: errno })).toEqual({
      result: { outcome: 'rejected', rejections: [{ step: { mode: 'native_frags', program: 'frags' }, errno }] },
      tried: ['native_frags'],
    });
  });

  it('gives up when no step is left', () => {
    const { result } = climbed({ native_frags: ERRNO.EINVAL, native: ERRNO.ERANGE, generic: ERRNO.EOPNOTSUPP });
    expect(result.outcome).toBe('rejected');
    expect(explainRejections(result.rejections)).toBe(
      'native_frags: EINVAL (22): invalid argument; native: the MTU is too large for one buffer; generic: the driver has no native XDP',
    );
  });

  it('explains once what is the same for all steps', () => {
    const errno = ERRNO.EOPNOTSUPP;
    const rejections = ladder('native', true).map((step) => ({ step, errno }));
    expect(explainRejections(rejections)).toBe('the driver has no native XDP');
  });
});
