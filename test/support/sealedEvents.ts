import { zstdDecompressSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';

/** SealedHeader is the header of a segment, as far as tests of the whole look at it. */
export interface SealedHeader {
  readonly index: number;
  readonly kind: string;
  readonly incarnation: number;
  readonly events: { readonly first: number; readonly last: number; readonly count: number };
  readonly gaps: readonly { readonly first: number; readonly last: number; readonly reason: string }[];
  readonly hub?: { readonly created: string; readonly first: number; readonly last: number };
}

/** SealedSegment is a segment as it lies in the container, decompressed and parsed by nothing of the product. */
export interface SealedSegment {
  readonly header: SealedHeader;
  readonly records: readonly {
    readonly event: number;
    readonly form?: string;
    readonly record: Readonly<Record<string, unknown>>;
  }[];
}

/** sealedIn gives the segments of a partition in order. */
export async function sealedIn(container: ContainerClient, partition: string): Promise<SealedSegment[]> {
  const segments: SealedSegment[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix: `segments/${partition}/` })) {
    const lines = zstdDecompressSync(await container.getBlobClient(name).downloadToBuffer())
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const header = lines[0]?.['_segment'] as SealedHeader;
    const records = lines
      .filter((line) => '_seal' in line)
      .map(({ _seal, ...record }) => ({ ...(_seal as { event: number; form?: string }), record }));
    segments.push({ header, records });
  }
  return segments;
}

/** eventsOf gives the numbers of an incarnation's events, in the order in which they are sealed. */
export const eventsOf = (segments: readonly SealedSegment[], incarnation = 0): number[] => [
  ...new Set(
    segments
      .filter(({ header }) => header.incarnation === incarnation)
      .flatMap(({ records }) => records.map(({ event }) => event)),
  ),
];
