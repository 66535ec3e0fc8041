import { isUtf8 } from 'node:buffer';
import { FolderStore } from './folderStore.ts';
import { AuditsealError, attempt } from '../core/errors.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import { FOREIGN_FILE, SAVED_BYTES, canBeSaved, isSaved, litterOf } from '../core/objects/litter.ts';
import { MAX_NAME_BYTES, TLOG, isKnownName } from '../core/objects/names.ts';
import { maxBytesOf } from '../core/objects/sizes.ts';
import type { IgnoredFile, ObjectInfo, ObjectStore, Unread } from '../ports/store.ts';

/** FOREIGN_FOLDER is the folder of a mirror that holds the objects whose names the format doesn't know. */
const FOREIGN_FOLDER = 'foreign/';
const NAME_SUFFIX = '.name';

/** ForeignFiles is what the folder of foreign objects holds. */
interface ForeignFiles {
  /** the objects under their own names, in ascending order */
  readonly objects: readonly ObjectInfo[];
  /** the files that they, and copies that were cut off, consist of */
  readonly files: ReadonlySet<string>;
  /** it holds files of something else too */
  readonly hasOthers: boolean;
}

/**
 * MirrorStore is a ledger in a folder. docs/format.md, section 2.
 *
 * Objects whose names the format knows are files under their names, which can't collide on any system. All other names may
 * be anything: such an object lies in a folder of its own under the SHA-256 of its name, beside a file that holds the name,
 * and is listed and read under the name. A file that stands elsewhere under a name that the format doesn't know is listed
 * and read where it is. What stands in both places is listed twice, and nobody can tell which of the two the object is.
 *
 * Files that no container knows are none: what an operating system or a copy left, and evidence or an answer that somebody saved.
 */
export class MirrorStore implements ObjectStore {
  readonly #folder: FolderStore;
  #foreign: Promise<ForeignFiles> | undefined;

  constructor(root: string) {
    this.#folder = new FolderStore(root);
  }

  async create(name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    if (isKnownName(name)) return this.#folder.create(name, bytes);
    const file = foreignFileOf(name);
    if (await this.exists(name)) return 'exists';
    try {
      // Durable point, of nothing: a name without bytes is no object yet, and the next copy goes on from it.
      await this.#folder.create(`${file}${NAME_SUFFIX}`, Buffer.from(name));
      return await this.#folder.create(file, bytes);
    } finally {
      this.#foreign = undefined;
    }
  }

  async read(name: string, most: number = maxBytesOf(name)): Promise<Buffer | Unread | undefined> {
    return this.#readOnly(name, (file) => this.#folder.read(file, most));
  }

  async readEnd(name: string, length: number): Promise<Buffer | Unread | undefined> {
    return this.#readOnly(name, (file) => this.#folder.readEnd(file, length));
  }

  /** metadata gives none, as FolderStore does. */
  async metadata(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.exists(name)) ? {} : undefined;
  }

  async exists(name: string): Promise<boolean> {
    if (isKnownName(name)) return this.#folder.exists(name);
    return (await this.#filesOfForeign(name)).length > 0;
  }

  async *list(prefix: string, from = ''): AsyncIterable<ObjectInfo> {
    const { objects, files } = await this.#foreignFiles();
    const foreign = under(objects, prefix, from);
    let next = 0;
    for await (const object of this.#folder.list(prefix, from)) {
      if (files.has(object.name) || (await this.#isSaved(object.name))) continue;
      for (; (foreign[next]?.name ?? object.name) < object.name; next++) yield foreign[next] as ObjectInfo;
      yield object;
    }
    yield* foreign.slice(next);
  }

  async *children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }> {
    const { objects, files, hasOthers } = await this.#foreignFiles();
    const found = new Map<string, boolean>();
    for (const { name } of under(objects, prefix)) {
      const slash = name.indexOf('/', prefix.length);
      found.set(slash < 0 ? name : name.slice(0, slash + 1), slash >= 0);
    }
    for await (const { name, isFolder } of this.#folder.children(prefix)) {
      if (files.has(name) || (name === FOREIGN_FOLDER && !hasOthers)) continue;
      if (!isFolder && (await this.#isSaved(name))) continue;
      found.set(name, isFolder);
    }
    const names = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, isFolder] of names) yield { name, isFolder };
  }

  /** removeBlank removes the file of an object if it holds zeros alone, and tells whether it did. */
  async removeBlank(name: string): Promise<boolean> {
    if (isKnownName(name)) return this.#folder.removeBlank(name);
    const [file, another] = await this.#filesOfForeign(name);
    if (file === undefined || another !== undefined) return false;
    this.#foreign = undefined;
    return this.#folder.removeBlank(file);
  }

  /** ignored yields the files of the folder that are no objects. */
  async *ignored(): AsyncGenerator<IgnoredFile> {
    for await (const name of this.#folder.files()) {
      const why = litterOf(name) ?? ((await this.#isSaved(name)) ? 'saved' : undefined);
      if (why !== undefined) yield { name, why };
    }
  }

  /** isSaved tells whether a file is evidence or an answer that somebody saved in the mirror. */
  async #isSaved(file: string): Promise<boolean> {
    if (isKnownName(file) || !canBeSaved(file)) return false;
    const start = await this.#folder.startOf(file, SAVED_BYTES);
    return start !== undefined && isSaved(start);
  }

  /** pathOf gives the path of an object's file, as FolderStore does. */
  pathOf(name: string): string {
    return this.#folder.pathOf(isKnownName(name) ? name : foreignFileOf(name));
  }

  async #readOnly(name: string, read: (file: string) => Promise<Buffer | Unread | undefined>): ReturnType<typeof read> {
    if (isKnownName(name)) return read(name);
    const [file, another] = await this.#filesOfForeign(name);
    if (another !== undefined) return 'twice';
    return file === undefined ? undefined : read(file);
  }

  /** filesOfForeign gives the files that hold a foreign object: the one that is kept apart, and the one under its own name. */
  async #filesOfForeign(name: string): Promise<string[]> {
    const file = foreignFileOf(name);
    const isApart = (await this.#isNamed(file)) && (await this.#folder.exists(file));
    return [...(isApart ? [file] : []), ...((await this.#isPlain(name)) ? [name] : [])];
  }

  /** isNamed tells whether a file of the folder of foreign objects has its name beside it. */
  async #isNamed(file: string): Promise<boolean> {
    return (await readName(this.#folder, `${file}${NAME_SUFFIX}`)) !== undefined;
  }

  async #isPlain(name: string): Promise<boolean> {
    if (attempt(() => this.#folder.pathOf(name), 'misuse') === undefined) return false;
    // What isn't listed is no object: tiles, litter, and what somebody saved.
    if (name.startsWith(TLOG) || litterOf(name) !== undefined || (await this.#isSaved(name))) return false;
    if (FOREIGN_FILE.test(name) && (await this.#isNamed(name.replace(NAME_SUFFIX, '')))) return false;
    return this.#folder.exists(name);
  }

  /** The folder is looked into once, not for each listing: somebody may have planted very many names. */
  #foreignFiles(): Promise<ForeignFiles> {
    return (this.#foreign ??= readForeign(this.#folder));
  }
}

/** foreignFileOf names the file of a foreign object. It throws TARGET_INVALID for what can't be the name of a blob. */
function foreignFileOf(name: string): string {
  const bytes = Buffer.from(name);
  if (!name.isWellFormed() || bytes.length > MAX_NAME_BYTES)
    throw new AuditsealError('TARGET_INVALID', 'its name is longer than that of a blob can be, or not Unicode');
  return `${FOREIGN_FOLDER}${formatHash(sha256(bytes))}`;
}

/** under gives the objects whose names begin with a prefix, from a name on: those stand side by side. */
function under(objects: readonly ObjectInfo[], prefix: string, from = ''): readonly ObjectInfo[] {
  const first = from > prefix ? from : prefix;
  let [start, end] = [0, objects.length];
  while (start < end) {
    const middle = Math.floor((start + end) / 2);
    if ((objects[middle] as ObjectInfo).name < first) start = middle + 1;
    else end = middle;
  }
  while (objects[end]?.name.startsWith(prefix) === true) end++;
  return objects.slice(start, end);
}

async function readForeign(folder: FolderStore): Promise<ForeignFiles> {
  const sizes = new Map<string, number>();
  for await (const { name, size } of folder.list(FOREIGN_FOLDER)) sizes.set(name, size);
  const objects: ObjectInfo[] = [];
  const files = new Set<string>();
  for (const [nameFile, length] of sizes) {
    const name = length <= MAX_NAME_BYTES ? await readName(folder, nameFile) : undefined;
    if (name === undefined) continue;
    files.add(nameFile);
    const file = foreignFileOf(name);
    const size = sizes.get(file);
    if (size === undefined) continue;
    files.add(file);
    objects.push({ name, size });
  }
  const hasOthers = files.size < sizes.size;
  return { objects: objects.sort((a, b) => (a.name < b.name ? -1 : 1)), files, hasOthers };
}

/** readName reads a foreign object's name, and gives undefined where a file holds none, or not the one it is called after. */
async function readName(folder: FolderStore, file: string): Promise<string | undefined> {
  const bytes = FOREIGN_FILE.exec(file)?.[1] === undefined ? undefined : await folder.read(file);
  if (typeof bytes !== 'object' || !isUtf8(bytes)) return undefined;
  const name = bytes.toString('utf8');
  return !isKnownName(name) && `${foreignFileOf(name)}${NAME_SUFFIX}` === file ? name : undefined;
}
