import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { segmentName } from '../src/core/objects/names.ts';
import type { SealedSegment } from '../src/core/segment/writer.ts';
import { PARTITION } from './workload.ts';

/** writeMirror writes segments as a mirror folder and gives the paths of their files, in order. */
export async function writeMirror(folder: string, segments: Iterable<SealedSegment>): Promise<string[]> {
  const paths: string[] = [];
  await mkdir(join(folder, dirname(segmentName(PARTITION, 0))), { recursive: true });
  for (const { header, stored } of segments) {
    const path = join(folder, segmentName(PARTITION, header.index));
    await writeFile(path, stored);
    paths.push(path);
  }
  return paths;
}
