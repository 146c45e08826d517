// How the playground is served and built: static files in dist/site, a folder a page.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { pages } from './pages.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Threads need a page that is cross-origin isolated. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  root: here('.'),
  // Relative, so that the files may lie in any folder of a host.
  base: './',
  cacheDir: here('../dist/.vite'),
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: {
    outDir: here('../dist/site'),
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: { input: ['index.html', ...pages.map(({ folder }) => `${folder}/index.html`)].map(here) },
  },
});
