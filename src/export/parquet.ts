import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Exporter, ExportEnd } from './exporter.ts';
import { PARQUET_COLUMNS } from './parquetColumns.ts';
import type { Cell } from './parquetColumns.ts';
import { rawOf } from '../find/hit.ts';
import type { Hit } from '../find/hit.ts';
import { formatBase64Hash } from '../core/text.ts';

/** A group of rows is written when it has so many bytes: what waits in memory is that, a few times over. */
const GROUP_BYTES = 16 * 1024 * 1024;
/** What a row takes beside its line: a record may be of two bytes. */
const ROW_BYTES = 1000;
/** Readers decompress a page at a time. A record that is larger is a page of its own. */
const PAGE_BYTES = 1024 * 1024;

/** ParquetAbout is what a file says of itself beside its rows. */
export interface ParquetAbout {
  readonly tool: string;
  /** the question, as JSON */
  readonly query: string;
}

/**
 * ParquetExporter writes Apache Parquet: Snappy, which every reader has, data pages of version 2, and of each group of rows the least and
 * the greatest value of a column. Its last bytes lead to everything else, so no reader takes a file that was cut off for a whole one.
 * github.com/apache/parquet-format
 */
export class ParquetExporter implements Exporter {
  readonly #about: ParquetAbout;
  readonly #bytes = new ByteWriter();
  readonly #file: ParquetWriter;
  #rows: (readonly Cell[])[] = [];
  #size = 0;

  constructor(about: ParquetAbout) {
    this.#about = about;
    this.#file = new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: 'auditseal', num_children: PARQUET_COLUMNS.length },
        ...PARQUET_COLUMNS.map(({ element }) => element),
      ],
      createdBy: about.tool,
    });
  }

  begin(): Uint8Array {
    return this.#taken();
  }

  add(hit: Hit): Uint8Array {
    const raw = rawOf(hit);
    this.#rows.push(PARQUET_COLUMNS.map(({ cellOf }) => cellOf(hit, raw)));
    this.#size += hit.line.length + ROW_BYTES;
    if (this.#size >= GROUP_BYTES) this.#writeGroup();
    return this.#taken();
  }

  end({ ledger, checkpoint }: ExportEnd): Uint8Array {
    this.#writeGroup();
    const { tool, query } = this.#about;
    this.#file.kvMetadata = [
      { key: 'auditseal.tool', value: tool },
      { key: 'auditseal.query', value: query },
      ...(ledger === undefined ? [] : [{ key: 'auditseal.ledger', value: ledger }]),
      ...(checkpoint === undefined
        ? []
        : [
            { key: 'auditseal.checkpoint.size', value: String(checkpoint.size) },
            { key: 'auditseal.checkpoint.root', value: formatBase64Hash(checkpoint.rootHash) },
          ]),
    ];
    void this.#file.finish();
    return this.#taken();
  }

  /** A bytes writer waits for nothing, so neither call gives a promise. */
  #writeGroup(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const columnData = PARQUET_COLUMNS.map(({ element: { name }, isUnique }, i) => ({
      name,
      data: rows.map((row) => row[i]),
      ...(isUnique && { encoding: 'PLAIN' as const, statistics: false }),
    }));
    void this.#file.write({ columnData, rowGroupSize: rows.length, pageSize: PAGE_BYTES });
    this.#rows = [];
    this.#size = 0;
  }

  /** taken gives what was written since it was asked last. */
  #taken(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}
