import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const marks = (name: string): readonly [string, string] => [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`];

/** cutBlock splits a page at the two marks of a generated block: what is before, the block, what is behind. */
function cutBlock(page: string, name: string): readonly [string, string, string] {
  const [begin, end] = marks(name);
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`the page has no block between the marks of ${name}`);
  return [page.slice(0, from), page.slice(from, to), page.slice(to)];
}

/** readBlock gives the generated block of one of the project's pages. */
export async function readBlock(file: string, name: string): Promise<string> {
  return cutBlock(await readFile(join(ROOT, file), 'utf8'), name)[1];
}

/** writeBlock replaces the generated block of one of the project's pages. */
export async function writeBlock(file: string, name: string, block: string): Promise<void> {
  const path = join(ROOT, file);
  const [before, , behind] = cutBlock(await readFile(path, 'utf8'), name);
  await writeFile(path, `${before}\n${block.trim()}\n\n${behind}`);
}
