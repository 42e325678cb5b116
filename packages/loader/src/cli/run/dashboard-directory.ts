import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the dashboard may have been built: inside this package, or beside it in the repository. */
const PLACES = ['../../../ui', '../../../../../apps/dashboard/out'];

/** The built dashboard, or undefined. */
export function dashboardDirectory(): string | undefined {
  return PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
}
