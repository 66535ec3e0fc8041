import type { Exporter } from './exporter.ts';
import { eventOf } from '../core/ocsf/event.ts';
import { rawOf, recordHashOf } from '../find/hit.ts';
import type { Hit } from '../find/hit.ts';

/** OcsfAbout is what an event says beside its record. */
export interface OcsfAbout {
  /** of this program */
  readonly version: string;
  /** gives the log's name, as soon as it is known */
  readonly ledger: () => string | undefined;
  /** makes of a text of JSON the same text without what acts on a terminal */
  readonly printable: (text: string) => string;
}

/** OcsfExporter writes an event of OCSF for each record, as JSON Lines. */
export class OcsfExporter implements Exporter {
  readonly #about: OcsfAbout;

  constructor(about: OcsfAbout) {
    this.#about = about;
  }

  begin(): string {
    return '';
  }

  add(hit: Hit): string {
    const { version, ledger, printable } = this.#about;
    const { partition, record, segment, leaf, entry, enqueued, values } = hit;
    const { form, bytes } = rawOf(hit);
    const event = eventOf(
      {
        ledger: ledger(),
        partition: Number(partition),
        record,
        segment,
        leaf,
        entry,
        hash: recordHashOf(hit),
        enqueued: Date.parse(enqueued),
        form,
        raw: bytes,
        values,
      },
      version,
    );
    return `${printable(JSON.stringify(event))}\n`;
  }

  end(): string {
    return '';
  }
}
