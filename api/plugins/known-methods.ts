import type { FastifyInstance } from 'fastify';

/** In a path of a route: a colon that is meant, or a parameter with its pattern, if it has one. */
const PARAMETER = /(::|:\w+(?:\([^)]*\))?)/;
/** What stands for a parameter: no verb behind a name, which is another route. */
const PARAMETER_TEXT = '[^/:]+';

/** Knows the methods of the routes of an app that are made after it. */
export class KnownMethods {
  readonly #methods = new Map<string, { readonly path: RegExp; readonly methods: Set<string> }>();

  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ url, method }) => {
      const known = this.#methods.get(url) ?? { path: patternOf(url), methods: new Set() };
      this.#methods.set(url, known);
      [method].flat().forEach((one) => known.methods.add(one));
    });
  }

  /** The methods that a path has, by name; none of a path that no route has. */
  at(url: string): string[] {
    const [path = ''] = url.split('?');
    const found = [...this.#methods.values()].filter((route) => route.path.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split(PARAMETER).map((part) => {
    if (part === '::') {
      return ':';
    }
    return part.startsWith(':') ? PARAMETER_TEXT : part.replaceAll(/[^\w/]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
