/**
 * What the launcher passes to the core: descriptors that stay open across execve(2), by number, in one environment
 * variable.
 */
import { z } from 'zod';
import type { PinPlace } from '../pin-place.ts';
import { HANDOVER_VARIABLE } from './handover-variable.ts';

const fd = z.number().int().min(3);
const helper = z.strictObject({ requests: fd, answers: fd });
const schema = z.strictObject({
  /** Absolute paths: the core may be unable to search the current directory. */
  directory: z.string(),
  rules: z.string(),
  /** Whether this process was started in the network namespace of `--netns`. */
  is_in_namespace: z.boolean(),
  /** Directory of the pins, `path` as shown to the operator; or why there is none. */
  pins: z.custom<Exclude<PinPlace, string>>((value) => typeof value === 'object' && value !== null),
  /** Starts server processes. `errors`: what they write to standard error. */
  server: z.strictObject({ ...helper.shape, errors: fd }).optional(),
  /** Lists what processes have open. */
  processes: helper,
  /** Reads and replaces a rules file that the core's user cannot. */
  rules_file: helper.optional(),
  /** Appends to a log of denied packets that the core's user cannot open. */
  log_file: helper.optional(),
  /** Reads the files of `paths`, which the core's user cannot. */
  read_files: z.strictObject({ ...helper.shape, paths: z.array(z.string()) }).optional(),
  /** Socket of the service manager. */
  notify: fd.optional(),
});

export type Handover = z.infer<typeof schema>;
export type HelperPipes = z.infer<typeof helper>;

/** Returns the descriptors that the core needs. */
export function descriptorsOf({
  pins,
  server,
  processes,
  rules_file,
  log_file,
  read_files,
  notify,
}: Handover): number[] {
  const ofHelpers = [server, processes, rules_file, log_file, read_files].flatMap((pipes) =>
    pipes ? [pipes.requests, pipes.answers] : [],
  );
  const all = [pins.fd, server?.errors, notify, ...ofHelpers];
  return all.filter((each) => each !== undefined);
}

let received: Handover | undefined;

/** Takes the handover out of the environment. Root has none: it would launch again. Call it once, at the start. */
export function receiveHandover(environment: NodeJS.ProcessEnv): void {
  const text = environment[HANDOVER_VARIABLE];
  delete environment[HANDOVER_VARIABLE];
  if (text !== undefined && process.geteuid?.() !== 0) received = schema.parse(JSON.parse(text));
}

/** Returns what the launcher passed; undefined if this process was started without one. */
export function handover(): Handover | undefined {
  return received;
}
