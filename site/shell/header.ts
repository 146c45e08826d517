// The line on top of every page: the name, and the way to the others.
import { pages } from '../pages.js';

/** `top` is the way from the page to the playground's folder; `here` the folder of the page itself. */
export function showHeader(top: string, here?: string): void {
  const header = document.createElement('header');
  const nav = document.createElement('nav');
  nav.ariaLabel = 'Pages';
  header.append(link(`${top}/index.html`, 'tapehead', here === undefined), nav);
  nav.append(...pages.map(({ folder, title }) => link(`${top}/${folder}/index.html`, title, folder === here)));
  document.body.prepend(header);
}

function link(href: string, textContent: string, current: boolean): HTMLAnchorElement {
  const anchor = Object.assign(document.createElement('a'), { href, textContent });
  if (current) anchor.ariaCurrent = 'page';
  return anchor;
}
