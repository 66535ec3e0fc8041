import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isRefusal } from './errors.ts';
import type { Refusal } from './errors.ts';
import { isWorm } from './policy.ts';
import type { ContainerWorm } from './policy.ts';

/** AccountProperties are what the management plane shows of the account, as it was last told. */
export type AccountProperties = Readonly<Record<string, unknown>>;

/** WormState keeps policies and holds. What a change resolved to is on disk, when there is a folder. */
export interface WormState {
  of(container: string): ContainerWorm;
  hasAny(): boolean;
  account(): AccountProperties;
  /** change applies one change after those before it; a refusal leaves all as it was. */
  change(container: string, apply: (worm: ContainerWorm) => ContainerWorm | Refusal): Promise<ContainerWorm | Refusal>;
  changeAccount(properties: AccountProperties): Promise<void>;
}

interface Saved {
  readonly containers: Readonly<Record<string, ContainerWorm>>;
  readonly account: AccountProperties;
}

const NOTHING: ContainerWorm = {};

/** loadWormState reads what an earlier gateway kept in dataDir, or starts with nothing. */
export async function loadWormState(account: AccountProperties, dataDir: string | undefined): Promise<WormState> {
  let saved: Saved = { containers: {}, account };
  if (dataDir !== undefined) {
    await mkdir(dataDir, { recursive: true });
    saved = (await readSaved(join(dataDir, 'worm.json'))) ?? saved;
  }
  let last: Promise<unknown> = Promise.resolve();

  const oneByOne = async <T>(step: () => Promise<T>): Promise<T> => {
    const turn = last.then(step);
    last = turn.catch(() => undefined); // the caller of the failed step gets its error
    return turn;
  };
  const keep = async (next: Saved): Promise<void> => {
    // Durable point. If we die before the rename, the old state stands and the caller got no answer.
    if (dataDir !== undefined) await writeSaved(join(dataDir, 'worm.json'), next);
    saved = next;
  };
  return {
    of: (container) => (Object.hasOwn(saved.containers, container) ? saved.containers[container] : NOTHING) ?? NOTHING,
    hasAny: () => Object.keys(saved.containers).length > 0,
    account: () => saved.account,
    change: async (container, apply) =>
      oneByOne(async () => {
        const { [container]: before = NOTHING, ...others } = saved.containers;
        const after = apply(before);
        if (isRefusal(after)) return after;
        await keep({ ...saved, containers: isWorm(after) ? { ...others, [container]: after } : others });
        return after;
      }),
    changeAccount: async (properties) => {
      await oneByOne(async () => {
        await keep({ ...saved, account: { ...saved.account, ...properties } });
      });
    },
  };
}

async function readSaved(path: string): Promise<Saved | undefined> {
  try {
    const saved: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isSaved(saved)) throw new Error('it has no containers or no account');
    return saved;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`the WORM state in ${path} can't be read; restore the file or start with an empty folder`, {
      cause: error,
    });
  }
}

const isSaved = (value: unknown): value is Saved =>
  typeof value === 'object' && value !== null && 'containers' in value && 'account' in value;

async function writeSaved(path: string, saved: Saved): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w');
  try {
    await file.writeFile(JSON.stringify(saved, undefined, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
