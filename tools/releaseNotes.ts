/** What a release says of itself: `node tools/bootstrap.mjs tools/releaseNotes.ts vX.Y.Z` prints it, or says why the tag is no release. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './pages/markedBlock.ts';

/** Release is what the files of a checkout say about a version. */
export interface Release {
  readonly tag: string;
  /** `version` of package.json, and both of package-lock.json */
  readonly versions: readonly (string | undefined)[];
  readonly changelog: string;
}

/** notesOf gives the entry of CHANGELOG.md of a tag's version. It throws where tag, versions and entry don't agree. */
export function notesOf({ tag, versions, changelog }: Release): string {
  const [, version] = /^v(\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?)$/.exec(tag) ?? [];
  if (version === undefined) throw new Error(`the tag ${JSON.stringify(tag)} is not of the form v1.2.3`);
  const other = versions.find((each) => each !== version);
  if (versions.length === 0 || versions.some((each) => each !== version))
    throw new Error(`the tag is ${tag}, and package.json or package-lock.json has the version ${other}: npm version`);
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((each) => each.split('\n')[0]?.replace(/ \(.*\)$/, '') === `## ${version}`);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version} (date)"`);
  const notes = section.split('\n').slice(1).join('\n').trim();
  if (notes === '') throw new Error(`the section of ${version} in CHANGELOG.md is empty`);
  return notes;
}

async function readRelease(tag: string): Promise<Release> {
  const read = async (name: string): Promise<string> => readFile(join(ROOT, name), 'utf8');
  const { version } = JSON.parse(await read('package.json')) as { version: string };
  const lock = JSON.parse(await read('package-lock.json')) as {
    version: string;
    packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  const versions = [version, lock.version, lock.packages['']?.version];
  return { tag, versions, changelog: await read('CHANGELOG.md') };
}

if (import.meta.main) {
  try {
    process.stdout.write(`${notesOf(await readRelease(process.argv[2] ?? ''))}\n`);
  } catch (error) {
    process.stderr.write(`auditseal: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
