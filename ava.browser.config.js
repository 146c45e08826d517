// The browser's tests: npm run test:browser. Each file starts a Chromium, so that one file runs at a time.
export default { files: ['dist/tests/browser/*.test.js'], concurrency: 1, timeout: '3m' };
