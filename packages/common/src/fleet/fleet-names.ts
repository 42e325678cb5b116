/** Names of nodes, groups and people of a fleet. They are parts of URLs, file names and keys: small letters only. */
import * as z from 'zod/mini';

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

function named(what: string) {
  return z.string().check(
    z.regex(NAME, {
      error: `Write the ${what} with 1 to 63 small letters, digits, dots, dashes or underscores; the first and the last one is a letter or digit.`,
    }),
  );
}

export const nodeNameSchema = named('node’s name');
export const groupNameSchema = named('group’s name');
export const personNameSchema = named('person’s name');

/** The group of nodes whose join token names none. */
export const DEFAULT_GROUP = 'default';

/** Returns the part of a URL's path that leads through a hub to a node: `/nodes/web1/`. */
export function nodePath(node: string): string {
  return `/nodes/${node}/`;
}
