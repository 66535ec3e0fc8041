import { AuditsealError } from '../core/errors.ts';
import type { AuditsealErrorCode } from '../core/errors.ts';

/** Crossing is what came of an action on its way to another thread: structured cloning would keep no class of ours. */
export type Crossing<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code?: AuditsealErrorCode; readonly message: string };

/** crossing gives what an action gives or ends in. */
export async function crossing<T>(action: () => Promise<T>): Promise<Crossing<T>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    if (error instanceof AuditsealError) return { ok: false, code: error.code, message: error.message };
    return { ok: false, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** arrived gives what the action gave in the other thread, or throws what it ended in there. */
export function arrived<T>(crossed: Crossing<T>): T {
  if (crossed.ok) return crossed.value;
  const { code, message } = crossed;
  throw code === undefined ? new Error(message) : new AuditsealError(code, message);
}

/** bufferOf gives bytes that have crossed as the Buffer that they were: structured cloning makes a plain array of bytes of one. */
export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
