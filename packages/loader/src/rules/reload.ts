/** Handles SIGHUP: reloads the rules file, then the lists of all sets. */
import type { Notice } from '@packetlog/common';
import type { Compiler } from './compiler/worker/compiler.ts';
import { messageOf } from './engine/rejection-text.ts';
import type { RulesService } from './engine/rules-service.ts';
import { readAgain } from './engine/start.ts';
import type { FollowedFiles } from './maintenance/followed-files.ts';
import { RulesRejection } from './ruleset/rejection.ts';
import type { RuleStore } from './store/rule-store.ts';

export interface ReloadParts {
  readonly service: RulesService;
  readonly store: RuleStore;
  readonly compiler: Compiler;
  readonly files: FollowedFiles | undefined;
  readonly rulesFile: string;
  readonly report: (level: Notice['level'], message: string) => void;
}

/** Reloads the rules. Never rejects: a rejected file or list raises an alarm, and the previous rules stay in force. */
export async function reload({ service, store, compiler, files, rulesFile, report }: ReloadParts): Promise<void> {
  const read = () =>
    readAgain(store, compiler, service.confirmed).catch((error: unknown) => {
      const problem = messageOf(error).replace(/\.$/, '');
      service.fileRejected(
        `The rules file ${rulesFile} ${problem}. The previous rules stay in force. Repair the file and reload (kill -HUP).`,
      );
      return undefined;
    });
  try {
    const loaded = await service.load(read, 'requested with SIGHUP');
    if (loaded === undefined) return;
    const { pending } = loaded;
    await files?.takeAll();
    report(
      'info',
      pending ? `The rules were read again and need confirmation: ${pending.why}` : 'The rules were read again.',
    );
  } catch (error) {
    if (!(error instanceof RulesRejection)) report('error', `The rules were not read again: ${messageOf(error)}`);
  }
}
