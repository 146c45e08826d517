// Typed access to elements of a page.

/** Returns the first element that matches `selector`. Throws a TypeError if there is none or it is not a `kind`. */
export function find<Kind extends Element>(selector: string, kind: new () => Kind): Kind {
  const element = document.querySelector(selector);
  if (element instanceof kind) return element;
  throw new TypeError(`find: the page must hold ${selector}, a ${kind.name}, got ${element}`);
}
