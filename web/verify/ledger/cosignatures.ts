import { decodeUtf8 } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { MAX_NOTE_BYTES, parseSignatureLine, signedBy } from '../note.ts';
import type { SignatureLine } from '../note.ts';
import { shortKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { checkpointName, parseCosignatureName } from './names.ts';

/** CosignatureOutcome is what was done about the cosignatures. */
export interface CosignatureOutcome {
  /** how many keys of witnesses the user gave */
  readonly keys: number;
  readonly verified: number;
  /** those by keys that the user didn't give, or of checkpoints that are none */
  readonly notChecked: number;
  /** who cosigned the newest checkpoint that fits the batches, of the keys that the user gave */
  readonly newest: readonly string[];
}

interface Stored {
  readonly name: string;
  readonly number: number;
  readonly keyId: string;
}

/** Cosignatures checks what is stored beside each checkpoint. docs/format.md, section 9.6. */
export class Cosignatures {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #witnesses: readonly VerifierKey[];
  readonly #stored: readonly Stored[];
  #at = 0;
  #verified = 0;
  #notChecked = 0;
  #newest: readonly string[] = [];

  /** Of `keys` only the witnesses' count. */
  constructor(folder: Folder, findings: Findings, keys: readonly VerifierKey[]) {
    this.#folder = folder;
    this.#findings = findings;
    this.#witnesses = keys.filter(({ type }) => type === 'cosignature');
    this.#stored = folder.under('cosignatures/').flatMap((name) => {
      const place = parseCosignatureName(name);
      return place === undefined ? [] : [{ name, ...place }];
    });
  }

  /** add checks those of a checkpoint, and of all before it. `text` is what was signed, if the checkpoint is one. */
  async add(number: number, text: string | undefined, doesFit: boolean): Promise<void> {
    const who = new Set<string>();
    for (let it = this.#stored[this.#at]; it !== undefined && it.number <= number; it = this.#stored[++this.#at]) {
      const key = await this.#check(it, it.number === number ? text : undefined);
      if (key !== undefined) who.add(shortKey(key));
    }
    if (doesFit) this.#newest = [...who];
  }

  /** finish checks those that are left. */
  async finish(): Promise<void> {
    await this.add(Infinity, undefined, false);
  }

  async #check({ name, number, keyId }: Stored, text: string | undefined): Promise<VerifierKey | undefined> {
    const wrong = (why: string): undefined => {
      this.#findings.say('cosignature-invalid', name, why);
      return undefined;
    };
    if (!this.#folder.has(checkpointName(number))) return wrong('there is no checkpoint of its number');
    const bytes = await this.#folder.readSmall(name);
    if (bytes === undefined) return undefined;
    const line = parseCosignature(bytes, keyId);
    if (line === undefined) return wrong('it is not one signature line of the key ID in its name, ended by LF');
    const known = this.#witnesses.filter((key) => key.keyId === keyId);
    const key = known.find(({ keyName }) => keyName === line.keyName);
    if (known.length > 0 && key === undefined) return wrong('it has the key ID of a witness, and another key name');
    if (key === undefined || text === undefined) {
      this.#notChecked += 1;
      return undefined;
    }
    if ((await signedBy(key, text, line.signature)) === undefined) {
      return wrong(`the signature by ${key.keyName} is not one of its checkpoint`);
    }
    this.#verified += 1;
    return key;
  }

  /** storedBeside gives the lines that are stored of a checkpoint, whoever made them. */
  async storedBeside(checkpoint: number): Promise<SignatureLine[]> {
    const lines: SignatureLine[] = [];
    for (const { name, number, keyId } of this.#stored) {
      if (number !== checkpoint) continue;
      const line = parseCosignature((await this.#folder.readSmall(name)) ?? new Uint8Array(), keyId);
      if (line !== undefined) lines.push(line);
    }
    return lines;
  }

  outcome(): CosignatureOutcome {
    return {
      keys: this.#witnesses.length,
      verified: this.#verified,
      notChecked: this.#notChecked,
      newest: this.#newest,
    };
  }
}

/** parseCosignature reads the object of a cosignature, and gives undefined for all other bytes. It verifies nothing. */
function parseCosignature(bytes: Uint8Array, keyId: string): SignatureLine | undefined {
  const text = bytes.length > MAX_NOTE_BYTES ? undefined : decodeUtf8(bytes);
  if (text?.endsWith('\n') !== true) return undefined;
  try {
    const line = parseSignatureLine(text.slice(0, -1));
    return line.keyId === keyId ? line : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
