// Development server and build of the playground: static files in dist/site, one folder per page.
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { contentSecurityPolicy, isolationHeaders, siteHeaders } from '../tools/site-headers.js';
import { pages } from './pages.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Puts the security policy into every built page; the development server needs inline styles and a web socket. */
const securityPolicy: Plugin = {
  name: 'security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
      injectTo: 'head-prepend',
    },
  ],
};

export default defineConfig({
  root: here('.'),
  // Relative, so that the files work in any folder of a host.
  base: './',
  cacheDir: here('../dist/.vite'),
  plugins: [securityPolicy],
  server: { headers: isolationHeaders },
  preview: { headers: siteHeaders },
  worker: { format: 'es' },
  build: {
    outDir: here('../dist/site'),
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: { input: ['index.html', ...pages.map(({ folder }) => `${folder}/index.html`)].map(here) },
  },
});
