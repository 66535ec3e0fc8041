import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { STORY, integrateAs, reportOf, says } from './attackScene.ts';
import type { Scene } from './attackScene.ts';
import { forgeChain } from './forge.ts';
import { inProcess } from './program.ts';
import { AUDITORS, filed } from './reports.ts';
import { FolderStore } from '../../src/adapters/folderStore.ts';
import { command as verifyCommand } from '../../src/cli/commands/verify.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { reportName } from '../../src/core/objects/names.ts';
import type { Report } from '../../src/core/objects/report.ts';

/** Outcome is what `auditseal verify` said. */
export interface Outcome {
  readonly code: number;
  readonly report: Report;
  readonly said: readonly string[];
  /** all that it printed */
  readonly out: string;
}

const AUDITOR_KEY = AUDITORS.verifiers.map(formatVerifierKey).join();

const trueRead = Reflect.get(FolderStore.prototype, 'read');

/** Auditor has a folder with a mirror, and a checkpoint that he keeps from one check to the next. */
export class Auditor {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async begin(): Promise<Auditor> {
    return new Auditor(await mkdtemp(join(tmpdir(), 'auditseal-test-')));
  }

  async end(): Promise<void> {
    answerTruly();
    await rm(this.folder, { recursive: true, force: true });
  }

  pathOf = (name: string): string => join(this.folder, name);

  kept = (): Promise<Buffer> => readFile(this.pathOf('kept'));

  keep = (bytes: Buffer | string): Promise<void> => writeFile(this.pathOf('kept'), bytes);

  /** mirror writes what he is shown. */
  mirror = async ({ objects }: Scene): Promise<void> => {
    await rm(this.pathOf('mirror'), { recursive: true, force: true });
    for (const [name, bytes] of objects) {
      await mkdir(dirname(join(this.folder, 'mirror', name)), { recursive: true });
      await writeFile(join(this.folder, 'mirror', name), bytes);
    }
  };

  verify = async ({ key }: Scene, ...options: readonly string[]): Promise<Outcome> => {
    const auditors = options.includes('--incremental') ? ['--auditor-key', AUDITOR_KEY] : [];
    const anchor = ['--key', key, ...auditors, '--anchor', this.pathOf('kept')];
    const args = [this.pathOf('mirror'), '--threads', '1', '--json', ...anchor, ...options];
    const { code, out } = await inProcess(() => verifyCommand.run(args));
    const report = JSON.parse(out.split('\n').find((line) => line.startsWith('{')) ?? '') as Report;
    const said = report.findings.map(({ code, object }) => `${code} ${object.replace(`${this.folder}/`, '')}`);
    return { code, report, said, out };
  };
}

/** enter files a report of what is there, and takes it into the log: then a check can go on from it. */
export async function enter(scene: Scene): Promise<Report> {
  const report = await reportOf(scene);
  await integrateAs(scene, STORY.seed);
  return report;
}

/** enterStolen does so with any report, signed by who has stolen the auditor's key. */
export async function enterStolen(scene: Scene, report: Report): Promise<void> {
  const { page: _page, ...rest } = report;
  scene.objects.set(reportName(2), filed(rest, reportName(2)));
  await integrateAs(scene, STORY.seed);
}

/** grow lets the true log go on behind the checkpoint that was kept, a segment a batch. */
export async function grow(scene: Scene, batches = 1, chain = STORY.chains[0]): Promise<void> {
  for (let batch = 1; batch <= batches; batch++) {
    const more = Array.from({ length: batch }, (_, i) => says(17 + i));
    for (const [name, bytes] of forgeChain([...chain, ...more]))
      if (!scene.objects.has(name)) scene.objects.set(name, bytes);
    await integrateAs(scene, STORY.seed);
  }
}

/** answerTruly ends what the others below began. */
export function answerTruly(): void {
  FolderStore.prototype.read = trueRead;
}

/** answerAgain lets every read of a name but the first give other bytes. */
export function answerAgain(name: string, bytes: Buffer): void {
  let reads = 0;
  FolderStore.prototype.read = async function (read) {
    return read === name && reads++ > 0 ? bytes : trueRead.call(this, read);
  };
}

/** showFrom lets the reads from that number on give what another scene has, and tells how many reads there were. */
export function showFrom(first: number, { objects }: Scene): () => number {
  let reads = 0;
  FolderStore.prototype.read = async function (name) {
    const isOther = reads++ >= first;
    return isOther ? (objects.get(name) ?? objects.get(`tlog/${name}`)) : trueRead.call(this, name);
  };
  return () => reads;
}

/** once does something before a name is read. Threads read segments themselves, so it is for other names. */
export function once(name: string, action: () => Promise<unknown>): void {
  FolderStore.prototype.read = async function (read) {
    if (read === name) await action();
    return trueRead.call(this, read);
  };
}
