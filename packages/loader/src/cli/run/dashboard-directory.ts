import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Directories where the dashboard may be: in this package, or next to it in the repository. */
const PLACES = ['../../../ui', '../../../../../apps/dashboard/out'];

/** Returns the directory of the built dashboard; undefined if it was not built. */
export function dashboardDirectory(): string | undefined {
  return PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
}
