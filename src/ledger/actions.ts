import { actionName, parseActionName } from '../core/objects/names.ts';
import { isSame } from '../ports/store.ts';
import type { ObjectStore } from '../ports/store.ts';

/** fileAction creates an action under the first free number, and gives its name. `compose` makes its bytes for a name. */
export async function fileAction(
  store: ObjectStore,
  compose: (name: string) => Promise<Buffer> | Buffer,
): Promise<string> {
  let number = 0;
  for await (const { name } of store.list('actions/')) {
    // A hole is filled: the log stops at it.
    if (parseActionName(name) === number) number += 1;
  }
  for (;;) {
    const name = actionName(number);
    const bytes = await compose(name);
    if ((await store.create(name, bytes)) === 'created') return name;
    // After a lost answer it is our own.
    if (isSame(await store.read(name), bytes)) return name;
    number += 1;
  }
}
