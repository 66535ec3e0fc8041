/** Integrates all segments of a mirror into a new log, and indexes them, with two worker threads, as the app does. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FolderTileStore } from '../src/adapters/folderTileStore.ts';
import { segmentName } from '../src/core/objects/names.ts';
import { SegmentWorkers } from '../src/threads/workers.ts';
import { indexBacklog } from './backlog.ts';
import { PARTITION } from './workload.ts';

const folder = join(process.argv[2] as string, dirname(segmentName(PARTITION, 0)));
const paths = readdirSync(folder)
  .sort()
  .map((file) => join(folder, file));
const { summarize, index, build, close } = new SegmentWorkers(2);
const tlog = mkdtempSync(join(tmpdir(), 'auditseal-bench-'));
await indexBacklog(paths, summarize, { indexSegment: index, buildUnit: build }, new FolderTileStore(tlog));
await close();
rmSync(tlog, { recursive: true });
