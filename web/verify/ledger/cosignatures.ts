import { decodeUtf8 } from '../bytes.ts';
import { Fault } from '../fault.ts';
import { MAX_NOTE_BYTES, parseSignatureLine, signedBy } from '../note.ts';
import type { SignatureLine, Signed } from '../note.ts';
import { shortKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import type { ClockCheck } from './clock.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './hash.ts';
import { checkpointName, parseCosignatureName } from './names.ts';
import type { CosignaturePlace } from './names.ts';

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

interface Stored extends CosignaturePlace {
  readonly name: string;
}

/** Cosignatures checks what is stored beside each checkpoint. docs/format.md, section 9.6. */
export class Cosignatures {
  readonly #folder: Folder;
  readonly #findings: Findings;
  readonly #clock: ClockCheck;
  readonly #witnesses: readonly VerifierKey[];
  readonly #stored: readonly Stored[];
  #at = 0;
  #verified = 0;
  #notChecked = 0;
  #newest: readonly string[] = [];

  constructor(folder: Folder, findings: Findings, clock: ClockCheck, witnesses: readonly VerifierKey[]) {
    this.#folder = folder;
    this.#findings = findings;
    this.#clock = clock;
    this.#witnesses = witnesses;
    this.#stored = folder.under('cosignatures/').flatMap((name) => {
      const place = parseCosignatureName(name);
      return place === undefined ? [] : [{ name, ...place }];
    });
  }

  /**
   * add checks those of a checkpoint, and of all before it. `text` is what was signed, if the checkpoint is one; `time` is
   * when its batch was made, if it fits the batches.
   */
  async add(number: number, text: string | undefined, time: string | undefined): Promise<void> {
    const who = new Set<string>();
    for (let it = this.#stored[this.#at]; it !== undefined && it.number <= number; it = this.#stored[++this.#at]) {
      const signed = await this.#check(it, it.number === number ? text : undefined);
      if (signed === undefined) continue;
      who.add(shortKey(signed.key));
      if (time !== undefined && signed.timestamp !== undefined)
        this.#clock.cosignature(it.name, signed.timestamp, time);
    }
    if (time !== undefined) this.#newest = [...who];
  }

  /** finish checks those that are left. */
  async finish(): Promise<void> {
    await this.add(Infinity, undefined, undefined);
  }

  async #check({ name, number, keyId, hash }: Stored, text: string | undefined): Promise<Signed | undefined> {
    const wrong = (why: string): undefined => {
      this.#findings.say('cosignature-invalid', name, why);
      return undefined;
    };
    if (!this.#folder.has(checkpointName(number))) return wrong('there is no checkpoint of its number');
    const bytes = await this.#folder.readSmall(name);
    if (bytes === undefined) return undefined;
    if (!sha256(bytes).startsWith(hash)) return wrong('its name does not end with how its SHA-256 begins');
    const line = parseCosignature(bytes, keyId);
    if (line === undefined) return wrong('it is not one signature line of the key ID in its name, ended by LF');
    const known = this.#witnesses.filter((key) => key.keyId === keyId);
    const key = known.find(({ keyName }) => keyName === line.keyName);
    if (known.length > 0 && key === undefined) return wrong('it has the key ID of a witness, and another key name');
    if (key === undefined || text === undefined) {
      this.#notChecked += 1;
      return undefined;
    }
    const signed = await signedBy(key, text, line.signature);
    if (signed === undefined) return wrong(`the signature by ${key.keyName} is not one of its checkpoint`);
    this.#verified += 1;
    return signed;
  }

  /** storedBeside gives the lines that are stored of a checkpoint, whoever made them. */
  async storedBeside(checkpoint: number): Promise<SignatureLine[]> {
    const lines: SignatureLine[] = [];
    for (const { name, number, keyId, hash } of this.#stored) {
      if (number !== checkpoint) continue;
      const bytes = (await this.#folder.readSmall(name)) ?? new Uint8Array();
      const line = parseCosignature(bytes, keyId);
      if (line !== undefined && sha256(bytes).startsWith(hash)) lines.push(line);
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
