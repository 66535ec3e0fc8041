import { isTileName } from '../integrate/publish.ts';

/** How the name of a partial tile goes on behind that of the full one. */
const PARTIAL = '.p/';

/** TileNames is a set of names of tiles and entry bundles, in 32 bytes for each full name and all its partial ones. */
export class TileNames {
  /** by full name, one bit for each width; bit 0 is the full one */
  readonly #widths = new Map<string, Uint8Array>();

  add(name: string): void {
    const [whole, width] = split(name);
    let widths = this.#widths.get(whole);
    if (widths === undefined) this.#widths.set(whole, (widths = new Uint8Array(32)));
    widths[width >> 3] = (widths[width >> 3] as number) | (1 << (width & 7));
  }

  has(name: string): boolean {
    if (!isTileName(name)) return false;
    const [whole, width] = split(name);
    return (((this.#widths.get(whole)?.[width >> 3] ?? 0) >> (width & 7)) & 1) === 1;
  }
}

function split(name: string): [whole: string, width: number] {
  const [whole = '', width = '0'] = name.split(PARTIAL);
  return [whole, Number(width)];
}
