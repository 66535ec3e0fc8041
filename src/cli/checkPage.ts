import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where the page is, from this file as it is bundled, and as it stands in a clone. */
const PLACES = ['../web/check.html', '../../dist/web/check.html'];

/** checkPagePath finds the page that checks evidence and mirrors. It throws the operating system's fault where there is none. */
export async function checkPagePath(): Promise<string> {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  const last = paths.at(-1) as string;
  await access(last);
  return last;
}
