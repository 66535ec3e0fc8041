import { KEY } from './ledger.ts';
import { race } from './measure.ts';
import type { Contender } from './measure.ts';
import { writeMirror } from './mirror.ts';
import { figure } from './subject.ts';
import type { Measurement, Subject, Surroundings } from './subject.ts';
import { MirrorStore } from '../src/adapters/mirrorStore.ts';
import { makeExporter } from '../src/cli/exportFile.ts';
import type { FormatName } from '../src/cli/exportFile.ts';
import type { Query } from '../src/find/query.ts';
import { Search } from '../src/find/search.ts';

const BASE: FormatName = 'jsonl';
const OTHERS: readonly FormatName[] = ['csv', 'ocsf', 'parquet'];
const EVERYTHING: Query = { by: 'hub', terms: new Map(), where: [], texts: [] };

interface Exported {
  readonly records: number;
  readonly bytes: number;
}

/** exportAll finds every record of a mirror and makes a file of them, whose bytes it counts and drops. */
async function exportAll(mirror: string, format: FormatName): Promise<Exported> {
  const search = new Search({ store: new MirrorStore(mirror), verifiers: [KEY.verifierKey] }, EVERYTHING);
  const beside = { related: undefined, limit: undefined, sort: undefined };
  const ledger = (): string | undefined => search.tally.ledger;
  const exporter = await makeExporter(format, { zone: 'UTC', width: 0 }, { query: EVERYTHING, beside, ledger });
  let [records, bytes] = [0, Buffer.byteLength(exporter.begin())];
  for await (const hit of search.hits()) {
    bytes += Buffer.byteLength(exporter.add(hit));
    records += 1;
  }
  bytes += Buffer.byteLength(exporter.end({ ledger: ledger(), checkpoint: undefined }));
  return { records, bytes };
}

async function measure({ workload, rounds, folder }: Surroundings): Promise<Measurement> {
  const { rawBytes } = workload;
  const mirror = await folder();
  await writeMirror(mirror, await workload.segments());
  const made = new Map<FormatName, Exported>();
  const contender = (format: FormatName): Contender<FormatName> => ({
    name: format,
    run: async () => {
      made.set(format, await exportAll(mirror, format));
      return rawBytes;
    },
  });
  const result = await race([BASE, ...OTHERS].map(contender), rounds);
  const { records = 0 } = made.get(BASE) ?? {};
  return {
    figures: [
      figure('records', '', records),
      figure('raw bytes a record', '', rawBytes / records),
      figure(`${BASE}: search and write`, 'MB/s', result.rate(BASE)),
      figure('  bytes a record', '', (made.get(BASE)?.bytes ?? NaN) / records),
      ...OTHERS.flatMap((format) => [
        figure(
          `${format} / ${BASE}, speed`,
          'times',
          result.ratio(format, BASE),
          format === 'parquet' ? { is: 'at least', value: 0.5 } : undefined,
        ),
        figure(
          '  bytes a record',
          '',
          (made.get(format)?.bytes ?? NaN) / records,
          format === 'parquet' ? { is: 'below', value: rawBytes / records } : undefined,
        ),
      ]),
    ],
  };
}

/** exporting measures what each format of find costs. */
export const exporting: Subject = {
  name: 'export',
  title: 'what is found, as files of each format, one thread',
  measure,
};
