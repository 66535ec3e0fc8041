import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StoredSegment } from './workload.ts';

/** writeMirror writes segments as a mirror folder and gives the paths of their files, in order. */
export async function writeMirror(
  folder: string,
  segments: Iterable<StoredSegment> | AsyncIterable<StoredSegment>,
): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, stored } of segments) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, stored);
    paths.push(path);
  }
  return paths;
}
