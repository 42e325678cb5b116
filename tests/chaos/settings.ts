/** How the loaders of an episode are started. */
import type { Random } from './random.ts';

export interface Settings {
  readonly mode: 'native' | 'generic';
  readonly transport: 'array' | 'ring' | 'perf';
  readonly ringSize: '64KiB' | '1MiB';
  readonly sample: 'auto' | 'off';
}

export function drawSettings(random: Random): Settings {
  return {
    mode: random.pick(['native', 'generic'] as const),
    transport: random.pick(['array', 'array', 'ring', 'perf'] as const),
    ringSize: random.pick(['64KiB', '1MiB'] as const),
    sample: random.pick(['auto', 'off'] as const),
  };
}

export function settingsArgs({ mode, transport, ringSize, sample }: Settings): string[] {
  return ['--mode', mode, '--transport', transport, '--ring-size', ringSize, '--sample', sample];
}
