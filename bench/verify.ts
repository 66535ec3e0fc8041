import type { SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../src/core/hash.ts';
import { decompress } from '../src/core/segment/zstd.ts';
import { summarizeSegment } from '../src/core/segment/summary.ts';
import { NODE, canRun, run as runProgram } from './child.ts';
import { TRUST } from './ledger.ts';
import { race } from './measure.ts';
import type { Contender } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { naiveSeal, naiveVerify } from './rivals.ts';
import { figure } from './subject.ts';
import type { Figure, Measurement, Subject, Surroundings } from './subject.ts';

const SLOW_BYTES = 3e6;
const GUNZIP_BYTES = 30e6;
const BOUND = 'decompression and SHA-256 alone';
const ZSTD = 'zstd -dc';
const ONE_CORE = ['taskset', '-c', '0'];
const GUNZIP = 'gunzip -c | sha256sum, one core';

async function measure(surroundings: Surroundings): Promise<Measurement> {
  const { workload, rounds, folder, app } = surroundings;
  const { rawBytes: bytes } = workload;
  const segments = await workload.segments();
  const mirror = await folder();
  const paths = await writeMirror(mirror, segments);
  const cli = join(await app(), 'dist', 'cli', 'auditseal.mjs');
  const slow = workload.firstRuns(SLOW_BYTES);
  const naive = slow.runs.map(naiveSeal);
  const notMeasured: string[] = [];
  const contenders: Contender[] = [
    {
      name: 'verify',
      run: () => {
        segments.forEach(({ name }, i) => verifyFile(paths[i] as string, name));
        return bytes;
      },
    },
  ];
  contenders.push({
    name: BOUND,
    run: () => {
      for (const { frames } of segments) sha256(decompress(frames));
      return bytes;
    },
  });
  if (canRun(['zstd', '--version']))
    contenders.push({ name: ZSTD, run: async () => run(['zstd', '-dcq', ...paths], bytes) });
  else notMeasured.push(`${ZSTD}: there is no program zstd here`);
  if (canRun(['sh', '-c', 'command -v gzip && command -v sha256sum']))
    contenders.push(await gunzipContender(surroundings));
  else notMeasured.push(`${GUNZIP}: there is no program gzip or sha256sum here`);
  contenders.push({
    name: 'naive verify',
    run: () => {
      naive.forEach(expectIntact);
      return slow.bytes;
    },
  });
  const result = await race(contenders, rounds * 2);
  const figures: Figure[] = contenders.map(({ name }) => figure(name, 'MB/s', result.rate(name)));
  for (const { name } of contenders.slice(1)) {
    const bar = name === ZSTD ? ({ is: 'at least', value: 0.46 } as const) : undefined;
    figures.push(figure(`verify / ${name}`, 'times', result.ratio('verify', name), bar));
  }
  const programs = ['1', '2'].map((threads) => ({
    name: `auditseal verify --threads ${threads}`,
    run: async () => run([...NODE, cli, 'verify', mirror, '--threads', threads], bytes),
  }));
  const started = await race(programs, rounds);
  return {
    figures: [...figures, ...programs.map(({ name }) => figure(name, 'MB/s', started.rate(name)))],
    notMeasured,
  };
}

/** run runs a program that works through `bytes` of raw data. */
async function run(command: readonly string[], bytes: number, options: SpawnOptions = {}): Promise<number> {
  await runProgram(command, options);
  return bytes;
}

function verifyFile(path: string, name: string): void {
  const summary = summarizeSegment(readFileSync(path), { name, trust: TRUST });
  if (!summary.ok || summary.endDiffers || summary.contradiction !== undefined)
    throw new Error(`${path} is not intact`);
}

function expectIntact(stored: Buffer): void {
  if (!naiveVerify(stored)) throw new Error('the rival did not verify what it sealed');
}

/** gunzipContender hashes the same lines as one stream, compressed by gzip -6, with the tools of every Unix. */
async function gunzipContender({ workload, folder }: Surroundings): Promise<Contender> {
  const { runs, bytes } = workload.firstRuns(GUNZIP_BYTES);
  const cwd = await folder();
  const lines = (await workload.segments()).slice(0, runs.length).map(({ frames }) => decompress(frames));
  await writeFile(join(cwd, 'lines.gz'), Buffer.concat(lines.map((part) => gzipSync(part, { level: 6 }))));
  const pipe = ['sh', '-c', 'gzip -dc lines.gz | sha256sum'];
  const command = canRun([...ONE_CORE, 'true']) ? [...ONE_CORE, ...pipe] : pipe;
  return { name: GUNZIP, run: async () => run(command, bytes, { cwd }) };
}

/** verify measures how fast a ledger is re-computed in full, on one thread. */
export const verify: Subject = { name: 'verify', title: 'verify the same segments in full, one thread', measure };
