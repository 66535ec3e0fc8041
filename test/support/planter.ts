import { zstdCompressSync } from 'node:zlib';
import { LEDGER, forge, timeOf } from './forge.ts';
import type { MemoryStore } from './memoryStore.ts';
import type { Random } from './random.ts';
import { dayOf, signContent, signLines, signReport, signSaid } from './sign.ts';
import type { HandSession } from './sign.ts';

const padded = (number: number): string => String(number).padStart(12, '0');

type NameOf = (number: number) => string;

/** KINDS are the names of the format that have numbers: of the partitions, the last two are of no hub. */
const KINDS: readonly [NameOf, ...NameOf[]] = [
  (number: number) => `batches/${padded(number)}.jsonl`,
  ...['0', '1', '7', '65535'].map(
    (partition) =>
      (number: number): string =>
        `segments/${partition}/${padded(number)}.jsonl.zst`,
  ),
  (number: number) => `checkpoints/${padded(number)}`,
  (number: number) => `reports/${padded(number)}.json`,
  (number: number) => `reports/${padded(number)}.html`,
  (number: number) => `actions/${padded(number)}.json`,
  (number: number) => `cosignatures/${padded(number)}/0a1b2c3d-0123456789abcdef`,
];

const ODD_NAMES = [
  'segments',
  'segments/00/x',
  'segments/0/1.jsonl.zst',
  'batches/1',
  'tlog/checkpoint',
  'é',
  'reports/1.json',
];

/** LogEnd is what a batch that goes on from the log says it does. */
export interface LogEnd {
  readonly previous: number;
  readonly size: number;
  readonly root: string;
  /** entries of the batch before */
  readonly lines: readonly string[];
}

/** Planter has create rights and no key: what it plants is what whoever reads the container can make of it. */
export class Planter {
  readonly planted = new Map<string, Buffer>();
  readonly #store: MemoryStore;
  readonly #random: Random;
  /** tells the newest end of the log; what is made of an old one is a plant too */
  logEnd: LogEnd | undefined;

  constructor(store: MemoryStore, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  /** plant creates an object under a name that is free. */
  plant(second: number): void {
    const name = this.#name();
    if (this.#store.objects.has(name)) return;
    const bytes = this.#bytes(name, second);
    this.#store.objects.set(name, bytes);
    this.planted.set(name, bytes);
    if (this.#random.below(8) === 0)
      this.#store.metadataOf.set(name, this.#random.pick([...this.#store.metadataOf.values(), {}] as [{}]));
  }

  #name(): string {
    const random = this.#random;
    if (random.below(40) === 0) return `${random.pick(ODD_NAMES as [string])}${random.below(3) || ''}`;
    const nameOf = random.pick(KINDS);
    let free = 0;
    while (this.#store.objects.has(nameOf(free))) free++;
    const ahead = [0, 0, 1, 2 ** random.below(12) - 1, 10 ** random.below(12), random.below(20)] as const;
    return nameOf(Math.min(free + random.pick(ahead), 999_999_999_999));
  }

  /** A genuine object, most often one of the kind of the name. */
  #genuine(name: string): Buffer {
    const random = this.#random;
    const own = [...this.#store.objects].filter(([each]) => !this.planted.has(each));
    const like = own.filter(([each]) => each.split('/')[0] === name.split('/')[0]);
    const from = like.length > 0 && random.below(4) > 0 ? like : own;
    return random.pick([...from.map(([, bytes]) => bytes), Buffer.from('{}')] as [Buffer]);
  }

  #bytes(name: string, second: number): Buffer {
    const random = this.#random;
    const genuine = this.#genuine(name);
    switch (random.below(8)) {
      case 0:
        return Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
      case 1:
        return genuine;
      case 2:
      case 3:
        return this.#mutated(genuine, this.#genuine(name));
      case 4:
        return random.pick([
          Buffer.from('['.repeat(20_000)),
          Buffer.from(`{"version":${'9'.repeat(400)},"report":{"status":"verified"}}`),
          zstdCompressSync(Buffer.from('{"_segment":{"version":2}}\n')),
          zstdCompressSync(Buffer.alloc(100_000, '\n')),
          Buffer.alloc(0),
          Buffer.alloc(5000, 'a\n'),
        ]);
      default:
        return this.#forged(name, second);
    }
  }

  #mutated(bytes: Buffer, other: Buffer): Buffer {
    const random = this.#random;
    const at = random.below(bytes.length + 1);
    switch (random.below(5)) {
      case 0: {
        const changed = Buffer.from(bytes);
        if (bytes.length > 0) changed[at % bytes.length]! ^= 1 << random.below(8);
        return changed;
      }
      case 1:
        return bytes.subarray(0, at);
      case 2:
        return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
      case 3:
        return Buffer.concat([bytes, other]);
      default:
        return this.#recombined(bytes, other);
    }
  }

  /** The frames of one segment with the signature of another. */
  #recombined(bytes: Buffer, other: Buffer): Buffer {
    const magic = Buffer.from('5a2a4d18', 'hex');
    const [end, start] = [bytes.lastIndexOf(magic), other.lastIndexOf(magic)];
    return end < 0 || start < 0
      ? Buffer.concat([other, bytes])
      : Buffer.concat([bytes.subarray(0, end), other.subarray(start)]);
  }

  /** Sessions that don't count: each lacks one thing. */
  #session(role: string, second: number): HandSession {
    const keys = [{ name: LEDGER, seed: 1 }];
    const now = dayOf(timeOf(second));
    return this.#random.pick<HandSession>([
      { ledger: LEDGER, role, ...now, keys: [{ name: LEDGER, seed: 9 }] },
      { ledger: LEDGER, role, ...now, keys: [] },
      { ledger: LEDGER, role: role === 'segments' ? 'batches' : 'segments', ...now, keys },
      { ledger: LEDGER, role, ...dayOf(timeOf(second - 1_000_000)), keys },
      { ledger: 'logs.example.com/other', role, ...now },
      { ledger: LEDGER, role, ...dayOf(timeOf(second)), until: timeOf(second + 900_000), keys },
    ]);
  }

  /** What a name asks for, right in all but who signed it. */
  #forged(name: string, second: number): Buffer {
    const random = this.#random;
    const [kind, partition] = name.split('/');
    if (kind === 'batches' && this.logEnd !== undefined) {
      const { lines, ...claim } = this.logEnd;
      const entries = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const note = /"certificate":("[^"]*")/.exec(this.#genuine(name).toString('latin1'))?.[1];
      if (note === undefined || random.below(3) > 0)
        return signLines(entries, name, claim, this.#session('batches', second));
      const certificate: unknown = JSON.parse(Buffer.from(note, 'latin1').toString('utf8'));
      const said = JSON.stringify({ version: 1, ...claim, certificate });
      return signSaid(entries, name, `{"batch":${said}`, { ledger: LEDGER, seed: 9 });
    }
    if (kind === 'reports') {
      const [signed] = this.#genuine(name).toString('latin1').split(',"key":"');
      return signReport(Buffer.from(signed ?? '{}', 'latin1'), name, LEDGER, random.pick([9, 1]));
    }
    if (kind !== 'segments') return this.#mutated(this.#genuine(name), this.#genuine(name));
    const index = Number(/(\d+)\.jsonl/.exec(name)?.[1] ?? 0);
    const [before, said] = this.#head(partition as string, index);
    const spec = { partition: partition as string, index, previous: before, name, ...said };
    const session = this.#session('segments', second);
    const sealed = random.pick([timeOf(second), '9999-12-31T23:59:59.999Z']);
    if (random.below(4) === 0) return this.#stolenCertificate(name, sealed);
    const { stored } = forge({
      ...spec,
      ledger: session.ledger,
      session,
      header: { sealed },
      isUnsigned: random.below(8) === 0,
    });
    return stored;
  }

  /** The newest genuine segment before an index, and how a segment behind it begins. */
  #head(partition: string, index: number): [number, { prev?: string; record?: number; events?: number[] }] {
    for (let before = Math.min(index - 1, 5000); before >= 0; before--) {
      const name = `segments/${partition}/${padded(before)}.jsonl.zst`;
      const stored = this.planted.has(name) ? undefined : this.#store.objects.get(name)?.toString('latin1');
      const said =
        stored &&
        /"root":"(.{64})","prev":".{64}","record":(\d+),"incarnation":\d+,"created":"[^"]+","event":(-?\d+)/.exec(
          stored,
        );
      if (said) return [before, { prev: said[1] as string, record: Number(said[2]), events: [Number(said[3]) + 1] }];
    }
    return [-1, {}];
  }

  /** Statement and certificate of a genuine segment, signed by another session. */
  #stolenCertificate(name: string, sealed: string): Buffer {
    const genuine = this.#genuine(name);
    const at = genuine.lastIndexOf(Buffer.from('5a2a4d18', 'hex'));
    if (at < 0) return genuine;
    const content = genuine
      .subarray(at + 8, -64)
      .toString('utf8')
      .replace(/"sealed":"[^"]*"/, `"sealed":"${sealed}"`);
    return signContent(genuine.subarray(0, at), name, content, { ledger: LEDGER, seed: 9 });
  }
}
