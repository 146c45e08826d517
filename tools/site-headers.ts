// The security policy of the playground, and the headers with which a host should send its files.

/**
 * Content-Security-Policy of every page: scripts, styles and workers of the same origin, WebAssembly, and images as
 * data URLs, which heat maps are. Browsers without `modulepreload` fetch scripts, hence `connect-src`.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Headers without which pages work on a single thread: SharedArrayBuffer requires cross-origin isolation. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * All headers that a host should send. The policy is also in a meta tag of every page, which cannot restrict who embeds
 * the page.
 */
export const siteHeaders = {
  ...isolationHeaders,
  'Content-Security-Policy': `${contentSecurityPolicy}; frame-ancestors 'self'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};
