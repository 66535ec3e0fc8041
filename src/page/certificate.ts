import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { certificateStyle } from './certificateStyle.ts';
import { renderDocument, sign } from './document.ts';
import { factList, pageSection } from './parts.ts';
import { number, plural, time } from './reportValues.ts';
import { formatHash, sha256 } from '../core/hash.ts';
import type { Hash } from '../core/hash.ts';
import { formatVerifierKey, splitKeyText } from '../core/note/verifierKey.ts';
import type { KeyType, VerifierKey } from '../core/note/verifierKey.ts';

/** CertificateKey is a key that was given, and for what. */
export interface CertificateKey {
  readonly of: 'a log' | 'an auditor' | 'a witness';
  readonly key: VerifierKey;
}

/** CheckFacts is what a check was of, with what, and when: all but its result. */
export interface CheckFacts {
  readonly file: { readonly name: string; readonly bytes: number; readonly sha256: Hash };
  readonly at: Date;
  /** the program with its release, and what it ran on */
  readonly program: string;
  readonly keys: readonly CertificateKey[];
}

/** Outcome is the result of a check, as a certificate says it. */
export interface CertificateOutcome {
  readonly tone: 'verified' | 'violated' | 'unverified';
  readonly title: string;
  /** stands on each sheet of paper, in plain letters: no sheet can be shown for one of a better result */
  readonly word: string;
  readonly sentences: readonly string[];
  readonly notProved: readonly string[];
  readonly sections: readonly Markup[];
}

/** keyFingerprint is the SHA-256 that a key's ID is the beginning of (c2sp.org/signed-note), in 16 groups of 4 hex digits. */
function keyFingerprint(key: VerifierKey): string {
  const { keyName, type, material } = splitKeyText(formatVerifierKey(key));
  const named = Buffer.concat([Buffer.from(`${keyName}\n`), Buffer.of(type), material]);
  return (formatHash(sha256(key.type === 'ecdsa' ? material : named)).match(/.{4}/g) ?? []).join(' ');
}

/**
 * renderCertificate makes the page of a check's result, to be filed: one HTML text without scripts or outside resources. What a file says
 * is somebody else's: all of it goes in as escaped text.
 */
export function renderCertificate(facts: CheckFacts, outcome: CertificateOutcome): string {
  const { file, at } = facts;
  const hash = formatHash(file.sha256);
  const style = certificateStyle(`Result: ${outcome.word}. Checked ${at.toISOString()}, file ${hash.slice(0, 16)}...`);
  return renderDocument({
    title: `${outcome.title}: certificate of a check`,
    subject: 'certificate of a check',
    dated: time(at.toISOString()),
    style,
    main: markup`${outcome.tone === 'verified' ? '' : markup`<p class="banner" aria-hidden="true">${outcome.word}</p>`}
${statusSection(outcome)}
${checkSection(facts, outcome)}
${keysSection(facts)}
${outcome.sections}
${signingSection()}`,
  });
}

function statusSection({ tone, title, sentences, notProved }: CertificateOutcome): Markup {
  const [first = '', ...more] = sentences;
  return markup`<section class="status ${tone}" aria-labelledby="status">
${sign(tone, 'sign')}
<div class="body">
<h1 id="status">${title}</h1>
<p class="lead">${untrusted(first)}</p>
${more.map((text) => markup`<p>${untrusted(text)}</p>\n`)}
${notProved.length === 0 ? '' : markup`<p><strong>As of when, and what is not proved</strong></p>\n<ul>${notProved.map((text) => markup`<li>${untrusted(text)}</li>\n`)}</ul>`}
</div>
</section>`;
}

/** sentence makes a reason a sentence of its own. */
const sentence = (why: string): string => `${why.slice(0, 1).toUpperCase()}${why.slice(1)}.`;

/** refutedOutcome is what a certificate says of a file that is no proof; `rest` says what to think of its sections. */
export const refutedOutcome = (why: string, rest: string, sections: readonly Markup[] = []): CertificateOutcome => ({
  tone: 'violated',
  title: 'Refuted: this is no proof',
  word: 'REFUTED: THIS IS NO PROOF',
  sentences: [sentence(why), rest],
  notProved: [],
  sections,
});

/** unreadableOutcome is what a certificate says of a file that nothing could be checked of. */
export const unreadableOutcome = (why: string): CertificateOutcome =>
  unchecked('this file can’t be read as evidence or an answer', [sentence(why), NOTHING_SHOWN]);

/** untrustedOutcome is what a certificate says where no key was given. */
export const untrustedOutcome = (sections: readonly Markup[] = []): CertificateOutcome =>
  unchecked(
    'no key says whom you trust',
    [
      `${NOTHING_SHOWN} A forger’s file would fit together just as well: only a signature by a key that you trust makes it evidence.`,
    ],
    sections,
  );

const NOTHING_SHOWN = 'Nothing is proved, and nothing is refuted.';

const unchecked = (
  why: string,
  sentences: readonly string[],
  sections: readonly Markup[] = [],
): CertificateOutcome => ({
  tone: 'unverified',
  title: `Not checked: ${why}`,
  word: 'NOT CHECKED',
  sentences,
  notProved: [],
  sections,
});

function checkSection({ file, at, program }: CheckFacts, { title }: CertificateOutcome): Markup {
  return pageSection(
    'this-check',
    'This check',
    factList([
      ['Result', markup`<strong>${title}</strong>`],
      ['File', markup`<code>${untrusted(file.name)}</code>`],
      ['Size of the file', plural(file.bytes, 'byte')],
      ['SHA-256 of the file', markup`<code>${formatHash(file.sha256)}</code>`],
      ['Checked at', `${at.toISOString()}, by this machine’s clock`],
      ['That is, in local time', localTime(at)],
      ['Checked with', program],
    ]),
  );
}

/** localTime prints a time as this machine's clock shows it, and how far from UTC that is. */
function localTime(at: Date): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const minutes = -at.getTimezoneOffset();
  const two = (value: number): string => String(value).padStart(2, '0');
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${at.toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'medium' })} (UTC${offset}, ${timeZone})`;
}

const TYPES: Readonly<Record<KeyType, string>> = {
  ed25519: 'Ed25519',
  ecdsa: 'ECDSA P-256',
  cosignature: 'Ed25519, for cosignatures',
};

/** fill is a line to fill in: typed before it is printed, or by hand. */
const fill = (label: string): Markup =>
  markup`<span class="fill" role="textbox" tabindex="0" contenteditable="plaintext-only" aria-label="${label}"></span>`;

function keysSection({ keys }: CheckFacts): Markup {
  if (keys.length === 0) return pageSection('keys', 'The keys that were given', markup`<p>None.</p>`);
  return pageSection(
    'keys',
    'The keys that were given',
    markup`<p>The result is worth as much as these keys are. Compare each fingerprint with its owner, by a way that whoever gave you the file can’t control.</p>
<ol class="keys">
${keys.map(
  ({ of, key }, at) =>
    markup`<li><p><strong>Of ${of}:</strong> <code>${untrusted(formatVerifierKey(key))}</code></p>
<p class="small">${TYPES[key.type]}. Fingerprint: <code>${keyFingerprint(key)}</code></p>
<p class="small">Where it came from:</p>${fill(`Where key ${number(at + 1)} came from`)}</li>\n`,
)}</ol>
<p class="small soft">A fingerprint is the SHA-256 of the key, in groups of four hex digits to read aloud. It is the one that a key’s ID is the beginning of (C2SP signed-note).</p>`,
  );
}

const LINES = ['Name', 'For whom, or in which matter', 'Place', 'Date', 'Signature'];

const signingSection = (): Markup => markup`<section class="signing" aria-labelledby="signing">
<h2 id="signing">Who checked</h2>
<p>I made this check myself, with the file, the keys and the program named above.</p>
${LINES.map((name) => markup`<p class="small soft">${name}</p>${fill(name)}\n`)}
</section>`;
