import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from './appBuild.ts';
import type { Surroundings } from './subject.ts';
import { Workload } from './workload.ts';

/** withSurroundings runs an action with data, folders and the built app, and removes the folders in any case. */
export async function withSurroundings<T>(
  options: { readonly bytes: number; readonly rounds: number; readonly segments: number },
  action: (surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'auditseal-bench-'));
  const folder = async (): Promise<string> => mkdtemp(join(root, 'part-'));
  let app: Promise<string> | undefined;
  const interrupt = (): void => {
    rmSync(root, { recursive: true, force: true });
    process.exit(130);
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  try {
    return await action({
      workload: new Workload(options.bytes),
      rounds: options.rounds,
      segments: options.segments,
      folder,
      app: async () => (app ??= folder().then(buildApp)),
    });
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    await rm(root, { recursive: true, force: true });
  }
}
