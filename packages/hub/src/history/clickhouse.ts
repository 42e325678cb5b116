/** ClickHouse over HTTP. Name and password go into a header: never into an address, a statement or a log. */
export interface ClickHouseTarget {
  /** One or more servers of the same tables; the first that answers is used. */
  readonly urls: readonly string[];
  /** Name in `remote_servers` of the servers' configuration; undefined: a single server. */
  readonly cluster?: string;
  readonly user?: string;
  readonly password?: string;
}

/** The server rejected a statement, or did not answer. */
export class ClickHouseError extends Error {
  /** Code in the server's message; undefined: there was no answer, so it is not known what the server did. */
  readonly code: number | undefined;

  constructor(url: string, problem: string, code?: number, cause?: unknown) {
    super(`ClickHouse at ${url}: ${problem}`, { cause });
    this.name = 'ClickHouseError';
    this.code = code;
  }
}

export type Settings = Readonly<Record<string, string | number>>;

export interface Statement {
  readonly sql: string;
  /** Rows for an INSERT, compressed with gzip. */
  readonly rows?: Uint8Array;
  readonly settings?: Settings;
  readonly timeoutMs: number;
}

const CODE = /^Code: (\d+)/;
const MAX_MESSAGE = 500;

/** Runs a statement on one server, and returns the answer as text. Throws ClickHouseError. */
export async function runOn(...parameters: Parameters<typeof bytesOn>): Promise<string> {
  return (await bytesOn(...parameters)).toString();
}

async function bytesOn(
  url: string,
  { user, password }: Pick<ClickHouseTarget, 'user' | 'password'>,
  { sql, rows, settings = {}, timeoutMs }: Statement,
): Promise<Buffer> {
  const target = new URL(url);
  for (const [name, value] of Object.entries(settings)) target.searchParams.set(name, String(value));
  if (rows !== undefined) target.searchParams.set('query', sql);
  const headers: Record<string, string> = rows === undefined ? {} : { 'Content-Encoding': 'gzip' };
  if (user !== undefined) {
    headers['Authorization'] = `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
  }
  let response: Response;
  let answer: Buffer;
  try {
    response = await fetch(target, {
      method: 'POST',
      headers,
      body: (rows ?? sql) as NonNullable<RequestInit['body']>,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new ClickHouseError(target.origin, problemOf(error as Error), undefined, error);
  }
  if (response.ok) return answer;
  const message = answer.toString().trim().slice(0, MAX_MESSAGE);
  throw new ClickHouseError(
    target.origin,
    message || `it answered with ${response.status}`,
    Number(CODE.exec(message)?.[1] ?? 0),
  );
}

function problemOf(error: Error): string {
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  return cause instanceof Error
    ? cause.message || (cause as NodeJS.ErrnoException).code || error.message
    : error.message;
}

/** The servers of a target. Statements go to the one that answered last; after a failure the next one is used. */
export class ClickHouse {
  readonly target: ClickHouseTarget;
  #current = 0;

  constructor(target: ClickHouseTarget) {
    this.target = target;
  }

  /** Throws ClickHouseError. Does not try another server by itself: what this one did may not be known. */
  async run(statement: Statement): Promise<string> {
    return (await this.bytes(statement)).toString();
  }

  /** As `run`. */
  async bytes(statement: Statement): Promise<Buffer> {
    const { urls } = this.target;
    try {
      return await bytesOn(urls[this.#current % urls.length] as string, this.target, statement);
    } catch (error) {
      this.#current++;
      throw error;
    }
  }

  /** Returns rows in the format JSONCompact. */
  async rows(statement: Statement): Promise<unknown[][]> {
    const text = await this.run({ ...statement, sql: `${statement.sql} FORMAT JSONCompact` });
    return (JSON.parse(text) as { data: unknown[][] }).data;
  }
}
