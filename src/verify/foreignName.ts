import { faultIn } from '../core/errors.ts';
import { isFolderName } from '../core/objects/litter.ts';
import type { Context } from './context.ts';

/** sayForeign says that the format knows no object of a name, but for one without bytes that marks a folder: that is ignored. */
export async function sayForeign(
  { store, findings, ignored }: Context,
  { name, size = 0 }: { readonly name: string; readonly size?: number },
): Promise<void> {
  if (size === 0 && isFolderName(name) && (await isEmpty(store, name))) ignored.add('marker', name);
  else findings.foreignName(name);
}

/** isEmpty reads an object: not every listing tells the size. What can't be read, or stands in a mirror twice, isn't known to be empty. */
async function isEmpty(store: Context['store'], name: string): Promise<boolean> {
  try {
    return typeof (await store.read(name, 0)) === 'object';
  } catch (error) {
    faultIn(error);
    return false;
  }
}
