import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubDefinition } from './definition.ts';
import { PartitionFile } from './partitionFile.ts';
import type { LoadedPartition } from './partitionFile.ts';
import { NEW_LOG } from './partitionRecord.ts';
import type { LogStart } from './partitionRecord.ts';

interface Description {
  readonly name: string;
  readonly partitions: number;
  readonly createdAt: number;
  /** life counts how often the hub was recreated; its partitions lie in a folder of that name. */
  readonly life: number;
}

/** HubFolder keeps one hub on disk: hub.json, and a file for each partition. hub.json is written last and makes the rest count. */
export class HubFolder {
  readonly partitions: readonly LoadedPartition[];
  readonly #path: string;
  #description: Description;

  private constructor(path: string, description: Description, partitions: readonly LoadedPartition[]) {
    this.#path = path;
    this.#description = description;
    this.partitions = partitions;
  }

  /** open reads the hub under `dataDir`, or creates it. It refuses a hub with another number of partitions. */
  static open(dataDir: string, { name, partitions }: HubDefinition, now: number): HubFolder {
    const path = join(dataDir, name.toLowerCase());
    const descriptionPath = join(path, 'hub.json');
    if (!existsSync(descriptionPath)) {
      const description = { name, partitions, createdAt: now, life: 0 };
      const starts = Array.from({ length: partitions }, () => NEW_LOG);
      const loaded = createFiles(path, 0, starts).map((file) => ({ file, start: NEW_LOG, events: [], tornBytes: 0 }));
      writeDescription(path, description);
      return new HubFolder(path, description, loaded);
    }
    const description: Description = JSON.parse(readFileSync(descriptionPath, 'utf8'));
    if (description.partitions !== partitions) {
      throw new Error(
        `hub ${name} in ${path} has ${description.partitions} partitions, not ${partitions}: ` +
          'ask for as many, use another folder, or delete this one',
      );
    }
    return new HubFolder(path, description, loadFiles(path, description));
  }

  get createdAt(): number {
    return this.#description.createdAt;
  }

  /** grow adds partition files. Until hub.json counts them, a crash leaves the hub as it was. */
  grow(starts: readonly LogStart[]): PartitionFile[] {
    const { partitions, life } = this.#description;
    const files = createFiles(this.#path, life, starts, partitions);
    this.#description = { ...this.#description, partitions: partitions + starts.length };
    writeDescription(this.#path, this.#description);
    return files;
  }

  /** recreate starts new partition files. Until hub.json names them, a crash leaves the hub as it was. */
  recreate(starts: readonly LogStart[], now: number): PartitionFile[] {
    const before = this.#description;
    this.#description = { ...before, createdAt: now, life: before.life + 1 };
    const files = createFiles(this.#path, this.#description.life, starts);
    writeDescription(this.#path, this.#description);
    rmSync(join(this.#path, String(before.life)), { recursive: true });
    return files;
  }
}

function createFiles(path: string, life: number, starts: readonly LogStart[], first = 0): PartitionFile[] {
  const folder = join(path, String(life));
  mkdirSync(folder, { recursive: true });
  return starts.map((start, index) => PartitionFile.create(join(folder, `${first + index}.log`), start));
}

function loadFiles(path: string, { partitions, life }: Description): LoadedPartition[] {
  return Array.from({ length: partitions }, (_, index) => PartitionFile.load(join(path, String(life), `${index}.log`)));
}

function writeDescription(path: string, description: Description): void {
  writeFileSync(join(path, 'hub.json.new'), `${JSON.stringify(description)}\n`);
  renameSync(join(path, 'hub.json.new'), join(path, 'hub.json'));
}
