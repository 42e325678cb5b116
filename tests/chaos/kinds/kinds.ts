import type { Kind } from '../kind.ts';
import { CLIENT_KINDS } from './clients.ts';
import { ENVIRONMENT_KINDS } from './environment.ts';
import { INTERFACE_KINDS } from './interfaces.ts';
import { PROCESS_KINDS } from './processes.ts';
import { RESOURCE_KINDS } from './resources.ts';
import { RULES_KINDS } from './rules.ts';

/** All kinds of faults. Their order is part of what a seed means: append new ones. */
export const KINDS: readonly Kind[] = [
  ...PROCESS_KINDS,
  ...INTERFACE_KINDS,
  ...RULES_KINDS,
  ...CLIENT_KINDS,
  ...RESOURCE_KINDS,
  ...ENVIRONMENT_KINDS,
];
