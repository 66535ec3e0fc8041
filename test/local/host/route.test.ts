import { compareRoutes, matchRoute, parseRoute } from '../../../local/host/route.ts';

describe('matchRoute', () => {
  test.each([
    ['api/health', '/api/health', {}],
    ['api/health', '/API/Health/', {}],
    ['api/health', '/api/health/more', undefined],
    ['api/health', '/api', undefined],
    ['api/tile/{level}/{*path}', '/api/tile/0/x001/234', { level: '0', path: 'x001/234' }],
    ['api/tile/{level}/{*path}', '/api/tile/0', { level: '0' }],
    ['api/tile/{level}/{*path}', '/api/tile', undefined],
    ['api/{name?}', '/api', {}],
    ['api/{name?}', '/api/a', { name: 'a' }],
    ['api/{name}', '/api/a%20b%2Fc', { name: 'a b%2Fc' }],
    ['{**all}', '/', {}],
    ['{**all}', '/a/b', { all: 'a/b' }],
  ])('%s on %s gives %j', (template, path, expected) => {
    expect(matchRoute(parseRoute(template), path)).toEqual(expected);
  });
});

describe('parseRoute', () => {
  test.each(['a/{b:int}', 'a/{b', 'x{b}', '{*rest}/a', '{a?}/b', '{a}/{A}', '{a=1}'])('refuses %s', (template) => {
    expect(() => parseRoute(template)).toThrow(TypeError);
  });
});

test('compareRoutes puts the most precise route first', () => {
  const templates = ['{*rest}', 'a/{x?}', 'a/{x}', 'a/b', 'a/b/{*rest}', 'a'];
  const sorted = templates.map(parseRoute).sort(compareRoutes);
  expect(sorted.map((route) => route.template)).toEqual(['a', 'a/b', 'a/b/{*rest}', 'a/{x}', 'a/{x?}', '{*rest}']);
});
