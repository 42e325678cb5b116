/** What a run serves, according to its options. */
import { SetupError } from '../../errors/setup-error.ts';
import { dashboardDirectory } from './dashboard-directory.ts';

/** Returns the error for an option that needs a server, with `--listen off`. */
export function withoutServer(target: string): SetupError {
  return new SetupError({
    step: 'serve',
    target,
    problem: 'with --listen off there is no server',
    next: 'Remove --listen off; --ui off serves no dashboard.',
    exit: 'usage',
  });
}

/** Returns the directory of the dashboard; undefined with `--ui off`. Throws SetupError. */
export function uiDirectory(ui: string | undefined): string | undefined {
  if (ui === 'off') return undefined;
  if (ui !== undefined) return ui;
  const built = dashboardDirectory();
  if (built !== undefined) return built;
  throw new SetupError({
    step: 'serve',
    target: 'dashboard',
    problem: 'it is not built',
    next: 'Build it (pnpm build), name its directory with --ui DIR, or use --ui off.',
    exit: 'usage',
  });
}
