// The headers of the playground: as documented, and without a directive that a meta tag ignores.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { contentSecurityPolicy, isolationHeaders, siteHeaders } from '../tools/site-headers.js';

test('site/README.md lists the headers for hosts', (t) => {
  const readme = readFileSync(new URL('../../site/README.md', import.meta.url), 'utf8');
  const [, block = ''] = /```text\n(.*?)```/s.exec(readme) ?? [];
  const lines = Object.entries(siteHeaders).map(([name, value]) => `${name}: ${value}`);
  t.is(block, `${lines.join('\n')}\n`);
});

test('the policy allows neither inline nor foreign code, and its meta form has no directive that only headers support', (t) => {
  const directives = new Map(
    contentSecurityPolicy.split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources] as const;
    }),
  );
  t.deepEqual(directives.get('default-src'), ["'none'"]);
  for (const [name, sources] of directives) {
    t.false(sources.includes("'unsafe-inline'") || sources.includes("'unsafe-eval'"), name);
    t.false(
      sources.some((source) => /^https?:|^\*/.test(source)),
      name,
    );
    t.notRegex(name, /^(frame-ancestors|report-uri|sandbox)$/);
  }
  for (const [name, value] of Object.entries(isolationHeaders))
    t.is(new Map(Object.entries(siteHeaders)).get(name), value);
});
