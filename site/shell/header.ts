// The header of every page: the name, and links to the other pages.
import { pages } from '../pages.js';

/** Adds the header. `top` is the relative path to the folder of the playground, `here` the folder of this page. */
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
