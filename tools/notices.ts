import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** NOTICES is the name of the file that goes with everything that holds code of others. */
export const NOTICES = 'THIRD-PARTY-NOTICES.txt';

/** Licences that ask for no more than their text and the copyright notices: what the bundles may hold without another look. */
const ACCEPTED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);

interface Packaged {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

/**
 * noticesOf gives the names, versions, licences and licence texts of the npm packages that bundled sources are of. `inputs`
 * are the paths of the sources, relative to this checkout. A licence that nobody has looked at stops the build.
 */
export async function noticesOf(inputs: Iterable<string>): Promise<string> {
  const sharers = new Map<string, string[]>();
  for (const { name, version, licence, text } of await packagesOf(inputs)) {
    const head = `${name} ${version} (${licence})`;
    sharers.set(text, [...(sharers.get(text) ?? []), head]);
  }
  const parts = [...sharers].map(([text, heads]) => `${heads.join('\n')}\n\n${text}\n`);
  const intro = 'Auditseal (Apache-2.0, see LICENSE) contains code of these packages, each under its own licence.\n';
  return [intro, ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}

/** packagesOf gives each package once, in order of name. */
async function packagesOf(inputs: Iterable<string>): Promise<Packaged[]> {
  const folders = new Set<string>();
  for (const input of inputs) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const packages = new Map<string, Packaged>();
  for (const folder of folders) {
    const read = await readPackage(folder);
    packages.set(`${read.name} ${read.version}`, read);
  }
  return [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

async function readPackage(folder: string): Promise<Packaged> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
    readonly author?: string | { readonly name: string };
  };
  const { name, version, license: licence = 'none' } = manifest;
  if (!ACCEPTED.has(licence)) {
    throw new Error(
      `${name} ${version} has the licence ${licence}: may it be bundled? tools/notices.ts lists those that may`,
    );
  }
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)(\.(txt|md))?$/i.test(file));
  const texts = files.toSorted().map(async (file) => readFile(join(folder, file), 'utf8'));
  const text = (await Promise.all(texts)).map((each) => each.replaceAll('\r\n', '\n').trim()).join('\n\n');
  return { name, version, licence, text: text === '' ? withoutText(name, licence, manifest.author) : text };
}

/** A package that brings no text of its licence names its author and the licence's identifier, and so does this. */
function withoutText(name: string, licence: string, author?: string | { readonly name: string }): string {
  const who = typeof author === 'string' ? author : author?.name;
  if (who === undefined) throw new Error(`${name} names neither its author nor the text of its licence`);
  return `Copyright ${who}\nThe package has no file with the text of its licence: https://spdx.org/licenses/${licence}.html`;
}
