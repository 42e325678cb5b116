import { describe, expect, it } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { cannotEnforce } from './rejection-text.ts';

describe('a start whose rules the kernel rejects', () => {
  it('names the file, the cause, what is in force now and what to do next', () => {
    const cause = new SetupError({
      step: 'put in force',
      target: 'confirmed rules',
      problem: 'Linux 6.1.0 rejected the compiled rules with EINVAL (22): invalid argument',
      errno: 22,
      next: 'Please report this with the version of the kernel.',
      exit: 'unsupported',
    });
    const error = cannotEnforce('/var/lib/packetlog/rules.json', cause);
    expect(error.exitCode).toBe(EXIT.unsupported);
    expect(error.message).toBe(
      'enforce rules of /var/lib/packetlog/rules.json: Linux 6.1.0 rejected the compiled rules with EINVAL (22): ' +
        'invalid argument. Nothing was attached, and what was in force before this start stays in force. Please report ' +
        'this with the version of the kernel. To capture without rules meanwhile, start with PACKETLOG_STATE_DIR naming ' +
        'an empty directory.',
    );
  });
});
