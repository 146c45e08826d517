// Parses a Markdown page: code blocks, links, anchors, paths, tables of options.

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  /** Line of the page, counted from 1, that holds the first line of code. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** Returns the fenced blocks of a page. Throws an Error for an unclosed block. */
export function codeBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [i, line] of page.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line)?.[1];
    if (fence === undefined) open?.lines.push(line);
    else if (open === undefined) open = { language: fence, line: i + 2, lines: [] };
    else {
      blocks.push(open);
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line - 1}: unclosed code block`);
  return blocks;
}

/** Returns the page without code blocks and inline code. Line numbers are preserved. */
export function prose(page: string): string {
  return withoutBlocks(page).replaceAll(/`[^`\n]*`/g, '');
}

/** Returns the page with its code blocks emptied. Line numbers are preserved. */
function withoutBlocks(page: string): string {
  const lines = page.split('\n');
  for (const block of codeBlocks(page)) for (const i of block.lines.keys()) lines[block.line - 1 + i] = '';
  return lines.join('\n');
}

/** Targets of links and images, in Markdown or HTML, with their line. */
export function links(page: string): { target: string; line: number }[] {
  return prose(page)
    .split('\n')
    .flatMap((text, i) =>
      [...text.matchAll(/(?<=\]\(|(?:src|href)=")[^)\s"]+/g)].map(([target]) => ({ target, line: i + 1 })),
    );
}

/** Returns the anchors of all headings, in GitHub's form. */
export function anchors(page: string): Set<string> {
  const headings = page.split('\n').flatMap((line) => /^#+ (.+)$/.exec(line)?.[1] ?? []);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Paths of this repository in inline code, with their line: sources, folders of sources, scripts. */
export function pathsOf(page: string): { target: string; line: number }[] {
  const path =
    /`((?:(?:\.ci|assembly|bench|bindings|data|docs|models|reproduce|scripts|site|tasks|tests|tools)\/[\w./-]*|index\.ts))`/g;
  return withoutBlocks(page)
    .split('\n')
    .flatMap((text, i) => [...text.matchAll(path)].map(([, target = '']) => ({ target, line: i + 1 })));
}

/** Option tables: rows of `name`, default, meaning under a heading that holds the interface's name in backticks. */
export function optionTables(page: string): Map<string, Map<string, string>> {
  const tables = new Map<string, Map<string, string>>();
  let table: Map<string, string> | undefined;
  for (const line of page.split('\n')) {
    const heading = /^#+ .*`(\w+Options)`/.exec(line)?.[1];
    if (heading !== undefined) {
      table = new Map();
      tables.set(heading, table);
    } else if (line.startsWith('#')) table = undefined;
    const [, name, given] = /^\| `(\w+)` \|([^|]*)\|/.exec(line) ?? [];
    if (name !== undefined && given !== undefined) table?.set(name, given.replaceAll('`', ''));
  }
  return tables;
}
