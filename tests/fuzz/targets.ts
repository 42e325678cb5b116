/** Loads the targets. Their sources are loaded by path, so that their blocks can be counted (see instrument.mjs). */

export interface FuzzTarget {
  readonly name: string;
  readonly maxBytes: number;
  readonly seeds: readonly (string | Uint8Array)[];
  readonly run: (bytes: Uint8Array) => void;
}

const SOURCES = ['common', 'loader'].map(
  (name) => new URL(`../../packages/${name}/test/support/fuzz-targets.ts`, import.meta.url).href,
);

export async function loadTargets(): Promise<readonly FuzzTarget[]> {
  const loaded = await Promise.all(
    SOURCES.map((url) => import(/* @vite-ignore */ url) as Promise<{ FUZZ_TARGETS: readonly FuzzTarget[] }>),
  );
  return loaded.flatMap(({ FUZZ_TARGETS }) => FUZZ_TARGETS);
}
