import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestError } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';

/** Attempt is one attack on the store, and how it was answered. */
export interface Attempt {
  readonly attack: string;
  readonly object: string;
  /** 'refused', with the answer's status and code, or 'went through' */
  readonly outcome: 'refused' | 'went through';
  readonly status: number;
  readonly code: string;
}

/**
 * attackContainer tries every way to change a sealed segment. The client must have all rights, so that what refuses is
 * the policy and not a missing right.
 */
export async function attackContainer(container: ContainerClient, segment: string): Promise<Attempt[]> {
  const block = container.getBlockBlobClient(segment);
  const forged = Buffer.from('forged');
  const attacks: readonly [string, string, () => Promise<unknown>][] = [
    ['overwrite', segment, () => block.upload(forged, forged.length)],
    ['overwrite by blocks', segment, () => overwriteByBlocks(block)],
    ['delete', segment, () => block.delete()],
    ['set metadata', segment, () => block.setMetadata({ root: '0'.repeat(64) })],
    ['set content type', segment, () => block.setHTTPHeaders({ blobContentType: 'text/plain' })],
    ['append', segment, () => container.getAppendBlobClient(segment).appendBlock(forged, forged.length)],
    ['delete the container', container.containerName, () => container.delete()],
  ];
  const attempts: Attempt[] = [];
  for (const [attack, object, run] of attacks) attempts.push({ attack, object, ...(await outcomeOf(run)) });
  return attempts;
}

async function overwriteByBlocks(block: ReturnType<ContainerClient['getBlockBlobClient']>): Promise<void> {
  const id = Buffer.from('0001').toString('base64');
  await block.stageBlock(id, 'forged', 6);
  await block.commitBlockList([id]);
}

async function outcomeOf(run: () => Promise<unknown>): Promise<Pick<Attempt, 'outcome' | 'status' | 'code'>> {
  try {
    await run();
    return { outcome: 'went through', status: 200, code: '' };
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return { outcome: 'refused', status: error.statusCode ?? 0, code: error.code ?? '' };
  }
}

/**
 * tamperMirror copies a mirror and changes one bit in the middle of one segment of the copy, as somebody with the disk in
 * hand could. It returns the name of that segment.
 */
export async function tamperMirror(mirror: string, copy: string): Promise<string> {
  await cp(mirror, copy, { recursive: true });
  const names = (await readdir(join(copy, 'segments'), { recursive: true }))
    .filter((name) => name.endsWith('.zst'))
    .sort();
  const name = join('segments', names[Math.floor(names.length / 2)] as string);
  const path = join(copy, name);
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 1;
  await writeFile(path, bytes);
  return name.replaceAll('\\', '/');
}
