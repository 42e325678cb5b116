import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Directories where the dashboard may be: in this package, or next to it in the repository. */
const PLACES = [new URL('../../../ui', import.meta.url), new URL('../../../../../apps/dashboard/out', import.meta.url)];

/** Returns the directory of the built dashboard; undefined if it was not built. */
export function dashboardDirectory(): string | undefined {
  return PLACES.map((place) => fileURLToPath(place)).find((path) => existsSync(path));
}
