/** Names of nodes, groups and people of a fleet. They are parts of URLs, file names and keys: small letters only. */
import { fleetNameSchema } from '../rules/fleet-name.ts';

export { groupNameSchema } from '../rules/fleet-name.ts';

export const nodeNameSchema = fleetNameSchema('node’s name');
export const personNameSchema = fleetNameSchema('person’s name');

/** The group of nodes whose join token names none. */
export const DEFAULT_GROUP = 'default';

const FLEET_SET = 'fleet.';
/** Characters of the name of a list in a generation: on nodes it has a prefix. */
export const MAX_FLEET_LIST_NAME = 63 - FLEET_SET.length;

/** Returns the name that a list of a generation has on a node, as a set. */
export function fleetSetName(list: string): string {
  return `${FLEET_SET}${list}`;
}

/** Returns whether a set has the name of one from a generation. */
export function isFleetSet(set: string): boolean {
  return set.startsWith(FLEET_SET);
}

/** Returns the part of a URL's path that leads through a hub to a node: `/nodes/web1/`. */
export function nodePath(node: string): string {
  return `/nodes/${node}/`;
}
