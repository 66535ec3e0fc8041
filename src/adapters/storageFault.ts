import { RestError } from '@azure/storage-blob';
import { withoutSecret } from '../config/secrets.ts';

/**
 * saidBy names the status and the code of what a storage account answered, or why it didn't answer. Its message isn't
 * repeated, nor a code that isn't a word: they may quote the address that was asked, and so a SAS.
 */
export function saidBy(error: unknown): string {
  if (!(error instanceof RestError)) return withoutSecret(error instanceof Error ? error.message : String(error));
  const code = /^\w{1,100}$/.test(error.code ?? '') ? error.code : undefined;
  if (error.statusCode === undefined) return `no answer (${code ?? error.name})`;
  return `${error.statusCode} ${code ?? ''}`.trim();
}
