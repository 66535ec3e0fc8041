type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param' | 'optional' | 'rest'; readonly name: string };

/** Route is a parsed route template such as evidence/{partition}/{*rest}. */
export interface Route {
  readonly template: string;
  readonly segments: readonly Segment[];
}

/** parseRoute reads a route template; it throws a TypeError for what this host can't match. */
export function parseRoute(template: string): Route {
  const texts = template.split('/').filter((text) => text !== '');
  const segments = texts.map(parseSegment);
  segments.forEach((segment, i) => {
    const isLast = i === segments.length - 1;
    if (!isLast && (segment.kind === 'rest' || segment.kind === 'optional')) throw unreadable();
  });
  const names = segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name.toLowerCase()]));
  if (new Set(names).size !== names.length) throw unreadable();
  return { template, segments };

  function parseSegment(text: string): Segment {
    if (!/[{}]/.test(text)) return { kind: 'literal', text: text.toLowerCase() };
    const match = /^\{(\*{0,2})([A-Za-z_]\w*)(\??)\}$/.exec(text);
    if (match === null) throw unreadable();
    const [, star, name = '', optional] = match;
    if (star !== '') return { kind: 'rest', name };
    return { kind: optional === '?' ? 'optional' : 'param', name };
  }

  function unreadable(): TypeError {
    return new TypeError(
      `route ${JSON.stringify(template)}: only {name}, a last {name?} and a last {*name} are read here`,
    );
  }
}

/** matchRoute returns the values of a route's parameters, or undefined if the path isn't the route's. */
export function matchRoute(route: Route, path: string): Readonly<Record<string, string>> | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const params: Record<string, string> = {};
  for (const [i, segment] of route.segments.entries()) {
    const part = parts[i];
    if (segment.kind === 'rest') {
      const rest = parts.slice(i);
      if (rest.length > 0) params[segment.name] = rest.map(decode).join('/');
      return params;
    }
    if (part === undefined) return segment.kind === 'optional' ? params : undefined;
    if (segment.kind === 'literal') {
      if (decode(part).toLowerCase() !== segment.text) return undefined;
    } else params[segment.name] = decode(part);
  }
  return parts.length > route.segments.length ? undefined : params;
}

/** decode undoes percent encoding except of the slash, which would otherwise read as a new segment. */
function decode(part: string): string {
  return part
    .split(/(%2f)/i)
    .map((piece) => (/^%2f$/i.test(piece) ? piece : decodeURIComponent(piece)))
    .join('');
}

const RANK = { literal: 0, param: 1, optional: 2, rest: 3 };

/** compareRoutes orders routes by precision: of several that match a path, the first is meant. */
export function compareRoutes(a: Route, b: Route): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.segments[i], b.segments[i]];
    // A route that ends here matches only the shorter path, so it is the more precise one.
    const difference = (one === undefined ? -1 : RANK[one.kind]) - (other === undefined ? -1 : RANK[other.kind]);
    if (difference !== 0) return difference;
  }
  return 0;
}
