// The start page: one card per page.
import { pages } from './pages.js';
import { showHeader } from './shell/header.js';

showHeader('.');
const cards = pages.map(({ folder, title, summary }) => {
  const link = Object.assign(document.createElement('a'), { href: `./${folder}/index.html`, textContent: title });
  const card = document.createElement('li');
  const heading = document.createElement('h2');
  const text = document.createElement('p');
  heading.append(link);
  text.append(summary);
  card.append(heading, text);
  return card;
});
document.querySelector('#pages')?.append(...cards);
