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

/** Target names the objects that are attacked. */
export interface Target {
  readonly segment: string;
  readonly batch: string;
  readonly checkpoint: string;
}

/**
 * attackContainer tries every way to change a sealed segment, and to rewrite the log. The client must have all rights, so
 * that what refuses is the policy and not a missing right.
 */
export async function attackContainer(
  container: ContainerClient,
  { segment, batch, checkpoint }: Target,
): Promise<Attempt[]> {
  const block = container.getBlockBlobClient(segment);
  const forged = Buffer.from('forged');
  const attacks: readonly [string, string, () => Promise<unknown>][] = [
    ['overwrite', segment, () => block.upload(forged, forged.length)],
    ['overwrite by blocks', segment, () => overwriteByBlocks(block)],
    ['delete', segment, () => block.delete()],
    ['set metadata', segment, () => block.setMetadata({ root: '0'.repeat(64) })],
    ['set content type', segment, () => block.setHTTPHeaders({ blobContentType: 'text/plain' })],
    ['append', segment, () => container.getAppendBlobClient(segment).appendBlock(forged, forged.length)],
    [
      'overwrite a checkpoint',
      checkpoint,
      () => container.getBlockBlobClient(checkpoint).upload(forged, forged.length),
    ],
    ['delete a batch', batch, () => container.deleteBlob(batch)],
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
