/** Parses /proc/PID/mountinfo (proc(5)). Pure. */

export interface Mount {
  /** Id of this mount: a copy in another mount namespace has another id. */
  id: number;
  /** "major:minor" of the file system: the same wherever it is mounted. */
  device: string;
  point: string;
  type: string;
  source: string;
}

export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [id, , device, , point] = before?.split(' ') ?? [];
    const [type, source] = after?.split(' ') ?? [];
    if (id === undefined || device === undefined || point === undefined || type === undefined) return [];
    return [{ id: Number(id), device, point: unescaped(point), type, source: unescaped(source ?? '') }];
  });
}

/** Decodes blanks and backslashes, which the kernel writes as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
