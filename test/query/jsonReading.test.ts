import { jsonFaultIn } from '../../src/query/jsonReading.ts';

const faultIn = (text: string): string | undefined => jsonFaultIn(Buffer.from(text));

test.each([
  '{}',
  '[]',
  '"a"',
  'null',
  '{"a":1,"A":2}',
  '{"a":{"a":{"a":[{"a":1},{"a":2}]}}}',
  '{"a":"a","b":["a","a",{"c":"a"}]}',
  '[{"a":1},{"a":1}]',
  '{"a" : [ ] , "b" : { } , "c":"\\"a\\":1,\\"a\\":2"}',
  '{"a":"\\ud83d\\ude00","b":"\\u0000\\\\ud800"}',
  '{"a":0.1,"b":1.0,"c":-0,"d":-0.0,"e":1e5,"f":0.30000000000000004,"g":1E-7,"h":100000000000000000000,"i":1.5e300}',
  '{"a":12345678901234567890123,"b":1e400,"c":5e-324,"d":1000.00000000000000000000}',
  `${'['.repeat(64)}${']'.repeat(64)}`,
  JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, { [`k${n}`]: n }]))),
])('all readers agree on %s', (text) => expect(faultIn(text)).toBeUndefined());

test.each([
  ['duplicate keys', '{"a":1,"b":2,"a":1}'],
  ['duplicate keys', '{"x":[{"a":1,"\\u0061":2}]}'],
  ['duplicate keys', '{"a":{"b":1},"c":[1,{"d":2}],"a":3}'],
  ['duplicate keys', '{"":1,"":2}'],
  ['duplicate keys', '{"__proto__":1,"__proto__":2}'],
  ['duplicate keys', '{"é":1,"\\u00e9":2,"n":0.1000000000000000055511151231257827,"s":"\\ud800"}'],
  ['duplicate keys', `{${Array.from({ length: 500 }, (_, n) => `"k${n % 499}":0`).join(',')}}`],
  ['lone surrogate', '{"a":"\\ud800"}'],
  ['lone surrogate', '{"\\udc00":1}'],
  ['lone surrogate', '["\\ude00\\ud83d"]'],
  ['rounded number', '{"n":0.1000000000000000055511151231257827}'],
  ['rounded number', '[1234567.890123456789]'],
  ['rounded number', '[9007199254740993.0]'],
  ['rounded number', '[1e-400]'],
  ['rounded number', '[-9007199254740993e0]'],
  ['too deep', `${'['.repeat(65)}${']'.repeat(65)}`],
  ['too deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
])('%s: %#', (fault, text) => expect(faultIn(text)).toBe(fault));
