import type { FleetRules } from '@packetlog/common/fleet';

export type ReadRules =
  | { readonly ok: true; readonly rules: FleetRules; readonly note: string }
  | { readonly ok: false; readonly problem: string };

/** Writes rules as people edit them. */
export function rulesJson({ default_policy, rules, lists }: FleetRules): string {
  return JSON.stringify({ ...(default_policy !== undefined && { default_policy }), rules, lists }, null, 2);
}

/** Fields of a rules file that belong to one server. */
const OF_ONE_SERVER = ['$schema', 'version', 'checksum', 'protect', 'next_id'] as const;

/**
 * Reads rules of a group: JSON with `default_policy`, `rules` and `lists`, or a whole rules file. What of a rules file belongs
 * to one server is omitted, and `note` says so. The hub checks the rules themselves.
 */
export function readRules(text: string): ReadRules {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `Not JSON: ${error instanceof Error ? error.message : String(error)}.` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, problem: 'Write an object with rules, such as {"rules": []}.' };
  const { default_policy, rules = [], lists = {}, sets, ...rest } = value as Record<string, unknown>;
  const unknown = Object.keys(rest).filter((key) => !(OF_ONE_SERVER as readonly string[]).includes(key));
  if (unknown.length > 0)
    return { ok: false, problem: `Unknown: ${unknown.join(', ')}. Rules have default_policy, rules and lists.` };
  if (!Array.isArray(rules)) return { ok: false, problem: 'rules must be a list.' };
  const read = listsOf(sets);
  if (typeof read === 'string') return { ok: false, problem: read };
  const hasProtected = Array.isArray(rest['protect']) && rest['protect'].length > 0;
  return {
    ok: true,
    rules: {
      ...(default_policy !== undefined && { default_policy: default_policy as 'permit' | 'deny' }),
      rules: rules as FleetRules['rules'],
      lists: { ...(lists as FleetRules['lists']), ...read },
    },
    note: hasProtected ? 'Protected addresses are not part of a group’s rules: each node has its own.' : '',
  };
}

/** Returns the sets of a rules file as lists, or why they cannot be lists. */
function listsOf(sets: unknown): Record<string, string> | string {
  const lists: Record<string, string> = {};
  for (const [name, set] of Object.entries((sets ?? {}) as Record<string, { entries?: unknown } | null>)) {
    const entries = set?.entries;
    if (!Array.isArray(entries))
      return `The networks of set ${name} are in a file on one server. Add that file as a list here, and remove the set.`;
    lists[name] = entries.join('\n');
  }
  return lists;
}

/** Returns the name of a list from that of its file: 'scanners' of 'scanners.txt'. */
export function listName(file: string): string {
  return file
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 63);
}

/** Adds the text of a file to rules, as one of their lists; or replaces them with those of a rules file. */
export function withFile(text: string, file: { readonly name: string; readonly text: string }): ReadRules {
  if (file.name.endsWith('.json')) return readRules(file.text);
  const before = readRules(text.trim() === '' ? '{}' : text);
  if (!before.ok) return before;
  const name = listName(file.name);
  if (name === '') return { ok: false, problem: `${file.name} gives no name for a list. Rename the file.` };
  return { ...before, rules: { ...before.rules, lists: { ...before.rules.lists, [name]: file.text } } };
}
