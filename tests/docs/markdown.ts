// What the tests of the documentation read from a page of Markdown: code blocks, links, anchors, tables of options.

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  /** The page's line, from 1, that its first line of code stands on. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** The fenced blocks of a page. Throws an Error for a block without end. */
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
  if (open !== undefined) throw new Error(`line ${open.line - 1}: a block of code must end, got none of its end`);
  return blocks;
}

/** The page with code, in blocks or in a line, replaced by nothing; its lines keep their numbers. */
export function prose(page: string): string {
  const lines = page.split('\n');
  for (const block of codeBlocks(page)) for (const i of block.lines.keys()) lines[block.line - 1 + i] = '';
  return lines.map((line) => line.replaceAll(/`[^`]*`/g, '')).join('\n');
}

/** Targets of links and pictures, in Markdown or HTML, with the line they stand on. */
export function links(page: string): { target: string; line: number }[] {
  return prose(page)
    .split('\n')
    .flatMap((text, i) =>
      [...text.matchAll(/(?<=\]\(|(?:src|href)=")[^)\s"]+/g)].map(([target]) => ({ target, line: i + 1 })),
    );
}

/** What follows # in a link to a heading of the page, as GitHub makes it. */
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

/** Tables of options: under a heading with the interface's name in backticks, rows of `name`, default, meaning. */
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
