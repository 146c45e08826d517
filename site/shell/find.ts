// The elements that a page's HTML promises.

/** The first element that matches, which must be of this kind. */
export function find<Kind extends Element>(selector: string, kind: new () => Kind): Kind {
  const element = document.querySelector(selector);
  if (element instanceof kind) return element;
  throw new TypeError(`find: the page must hold ${selector}, a ${kind.name}, got ${element}`);
}
