import { isOperator } from '../verify/signed/operatorNotice.ts';
import { isAuditor } from '../verify/signed/reportSignature.ts';
import type { VerifierKey } from '../verify/verifierKey.ts';
import { code, element, untrusted } from './dom.ts';
import { FINGERPRINT } from './fingerprint.ts';
import { cut, part, plural } from './parts.ts';
import type { Checked, GivenKey } from './thisCheck.ts';

// What a certificate has beside the result: what is shown is also what is printed, with a line to sign.

const ROLES = {
  log: 'Of a log',
  auditor: 'Of an auditor',
  operator: 'Of an operator',
  witness: 'Of a witness',
} as const;

const TYPES: Readonly<Record<VerifierKey['type'], string>> = {
  ed25519: 'Ed25519',
  ecdsa: 'ECDSA P-256',
  cosignature: 'Ed25519, for cosignatures',
};

/** roleOf tells by its type and its name what a key is for. */
function roleOf(key: VerifierKey): keyof typeof ROLES {
  if (key.type === 'cosignature') return 'witness';
  if (isOperator(key)) return 'operator';
  return isAuditor(key) ? 'auditor' : 'log';
}

/** What the user says of where keys came from, by their texts: a check with other keys begins with it again. */
const sources = new Map<string, string>();

/** showKeys names each key in full, with its fingerprint, and asks where it came from. */
export const showKeys = ({ keys, refused }: Checked): HTMLElement =>
  part(
    'keys-given',
    'The keys that you gave',
    ...(keys.length === 0
      ? [element('p', {}, refused.length === 0 ? 'None.' : 'None: what stands in step 2 is no key, as is said above.')]
      : [
          element(
            'p',
            {},
            'The result is worth as much as these keys are. Compare each fingerprint with its owner, by a way that whoever gave you the file can\u2019t control.',
          ),
          element('ol', { class: 'keys' }, ...keys.map(showKey)),
          element('p', { class: 'soft small' }, FINGERPRINT),
        ]),
  );

function showKey({ key, fingerprint }: GivenKey, at: number): HTMLElement {
  const id = `source-${at}`;
  const printed = element('p', { class: 'source-printed' });
  const field = document.createElement('textarea');
  field.id = id;
  field.rows = 1;
  field.maxLength = 500;
  field.value = sources.get(key.text) ?? '';
  const print = (): void => {
    sources.set(key.text, field.value);
    printed.classList.toggle('blank', field.value.trim() === '');
    printed.replaceChildren('Where it came from: ', untrusted(field.value.trim()));
  };
  field.addEventListener('input', print);
  print();
  return element(
    'li',
    {},
    element('p', {}, element('strong', {}, `${ROLES[roleOf(key)]}: `), code(key.text)),
    element('p', { class: 'small' }, `${TYPES[key.type]}. Fingerprint: `, code(fingerprint, { class: 'fingerprint' })),
    element('label', { for: id, class: 'small' }, 'Where it came from (for the certificate)'),
    field,
    printed,
  );
}

const LINES = ['Name', 'For whom, or in which matter', 'Place', 'Date', 'Signature'];

/** showSigning is the line to sign: only paper has it. */
export const showSigning = (): HTMLElement =>
  element(
    'section',
    { class: 'signing printed', 'aria-hidden': 'true' },
    element('h2', {}, 'Who checked'),
    element(
      'p',
      {},
      'I made this check myself, with the file, the keys and the page named above, and compared the SHA-256 of the page with the published one.',
    ),
    ...LINES.map((name) => element('p', { class: 'line' }, `${name}:`)),
  );

/** showPrinting offers the certificate. */
export function showPrinting({ of, keys }: Checked): HTMLElement {
  const button = element('button', { type: 'button', id: 'print' }, 'Print certificate');
  button.addEventListener('click', () => window.print());
  return element(
    'div',
    { class: 'printing' },
    button,
    element(
      'p',
      { class: 'soft small' },
      `Prints this result with ${of === 'file' ? 'the joins of the proof' : 'what was checked'}, each key in full and a line to sign, or keeps it as a PDF.${keys.length === 0 ? '' : ' Say below where each key came from; what you leave blank is a line to fill in by hand.'}`,
    ),
  );
}

type Given = 'verified' | 'stated' | 'violated' | 'unverified' | 'incomplete';

/** What is said of an interval that isn't complete, where all that is sealed of it is verified. */
const INCOMPLETE = 'NOT COMPLETE: ONE INTERVAL ALONE, VERIFIED AS FAR AS IT IS SEALED';

/** What each sheet of paper says of the result, so that none can be shown for a better one. */
const WORDS: Readonly<Record<Checked['of'], Readonly<Record<Exclude<Given, 'incomplete'>, string>>>> = {
  file: {
    verified: 'Proved',
    stated: 'Proved on the word of the signer of the log',
    violated: 'REFUTED: THIS IS NO PROOF',
    unverified: 'NOT PROVED',
  },
  folder: {
    verified: 'Verified',
    stated: 'Verified',
    violated: 'VIOLATED: NOT AS IT WAS SEALED',
    unverified: 'NOT VERIFIED',
  },
  interval: {
    verified: 'Verified, of one interval alone',
    stated: 'Verified, of one interval alone',
    violated: 'VIOLATED: AN INTERVAL IS NOT AS IT WAS SEALED',
    unverified: 'NOT VERIFIED',
  },
};

const wordsFor = (of: Checked['of'], given: Given): string => (given === 'incomplete' ? INCOMPLETE : WORDS[of][given]);

const isGood = (given: Given): boolean => given === 'verified' || given === 'stated';

/** showBanner says on paper, whatever its colours, that a result is not a good one. */
export function showBanner(status: Element | undefined, { of }: Checked): HTMLElement[] {
  const given = givenBy(status);
  if (isGood(given)) return [];
  return [element('p', { class: `banner printed ${given}`, 'aria-hidden': 'true' }, wordsFor(of, given))];
}

const givenBy = (status: Element | undefined): Given =>
  (status?.getAttribute('data-status') as Given | null) ?? 'unverified';

const sheet = new CSSStyleSheet();

/** markSheets has each sheet of a print say which result it is of, and of which check. */
export function markSheets(status: Element | undefined, { of, sha256, at }: Checked): void {
  // Nothing of a file gets in here: the words are this page's own, and the rest are hex digits and a time.
  const file = sha256 === undefined ? '' : `, file ${sha256.slice(0, 16)}\u2026`;
  const text = `Result: ${wordsFor(of, givenBy(status))}. Checked ${new Date(at).toISOString()}${file}`;
  sheet.replaceSync(`@page { @top-left { content: '${text}'; font: bold 10px sans-serif; width: 100% } }`);
  document.adoptedStyleSheets = [sheet];
}

/** unmarkSheets takes that back. */
export const unmarkSheets = (): void => {
  document.adoptedStyleSheets = [];
};

/** refusedKeys says of each line of step 2 that is no key what is wrong with it: who looks for the verdict on a key must know. */
export const refusedKeys = ({ refused }: Checked): HTMLElement[] =>
  refused.length === 0
    ? []
    : [
        element(
          'div',
          { class: 'note refused' },
          element(
            'p',
            {},
            `${plural(refused.length, 'line')} of step 2 ${refused.length === 1 ? 'was' : 'were'} refused, and not used as a key.`,
          ),
          element('ul', {}, ...refused.map((fault) => element('li', {}, untrusted(cut(fault))))),
        ),
      ];
