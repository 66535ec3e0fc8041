/** Token is a piece of JSON text: a bracket, a comma, a colon, or a whole string, number or word. */
export interface Token {
  readonly kind: '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'scalar';
  readonly start: number;
  readonly end: number;
}

const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * readTokens takes JSON text (RFC 8259) apart without building a value, so nothing is lost to a parser: not digits, not
 * duplicate keys, not escapes. Depth costs a byte a level. At the first place that is not JSON it ends, and returns that
 * place; the length of the text if there is none.
 */
export function* readTokens(text: string): Generator<Token, number> {
  const open: boolean[] = [];
  let at = skipSpace(text, 0);
  let expects = 'value' as 'value' | 'key' | 'firstKey' | 'firstValue' | 'colon' | 'next';
  while (expects !== 'next' || open.length > 0) {
    const start = at;
    const character = text[at];
    const inObject = open.at(-1) === true;
    let kind: Token['kind'];
    if (expects === 'colon') {
      if (character !== ':') return at;
      kind = ':';
      expects = 'value';
    } else if (expects === 'next') {
      if (character === ',') expects = inObject ? 'key' : 'value';
      else if (character === (inObject ? '}' : ']')) open.pop();
      else return at;
      kind = character;
    } else if ((expects === 'firstKey' && character === '}') || (expects === 'firstValue' && character === ']')) {
      kind = character;
      open.pop();
      expects = 'next';
    } else if (character === '"') {
      kind = 'string';
      const end = endOfString(text, at);
      if (end < 0) return -end;
      at = end - 1;
      expects = expects === 'key' || expects === 'firstKey' ? 'colon' : 'next';
    } else if (expects === 'key' || expects === 'firstKey') {
      return at;
    } else if (character === '{' || character === '[') {
      kind = character;
      open.push(character === '{');
      expects = character === '{' ? 'firstKey' : 'firstValue';
    } else {
      kind = 'scalar';
      SCALAR.lastIndex = at;
      if (!SCALAR.test(text)) return at;
      at = SCALAR.lastIndex - 1;
      expects = 'next';
    }
    at++;
    yield { kind, start, end: at };
    at = skipSpace(text, at);
  }
  return at;
}

function skipSpace(text: string, at: number): number {
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return at;
}

/** endOfString gives the position behind the closing quote, or minus that of what can't stand in a string. */
export function endOfString(text: string, at: number): number {
  for (at++; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) break;
    if (code !== 0x5c) {
      at++;
      continue;
    }
    ESCAPE.lastIndex = at;
    if (!ESCAPE.test(text)) break;
    at = ESCAPE.lastIndex;
  }
  return -at;
}
