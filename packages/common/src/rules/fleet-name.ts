/** Names of nodes, groups and people of a fleet: they are parts of URLs, file names and keys. */
import * as z from 'zod/mini';

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

/** Returns the schema of a name. `what`: whose, as in `node’s name`. */
export function fleetNameSchema(what: string) {
  return z.string().check(
    z.regex(NAME, {
      error: `Write the ${what} with 1 to 63 small letters, digits, dots, dashes or underscores; the first and the last one is a letter or digit.`,
    }),
  );
}

export const groupNameSchema = fleetNameSchema('group’s name');
