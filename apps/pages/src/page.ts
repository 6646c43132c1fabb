import GithubSlugger from 'github-slugger';
import MarkdownIt, { type Token } from 'markdown-it';

/** A file that a page names, and the test or the defect in it that it quotes. */
export interface QuotedTest {
  readonly file: string;
  readonly test: string;
}

/** What a page says that can be held against the workspace. */
export interface Page {
  /** From the root of the workspace. */
  readonly path: string;
  readonly links: readonly string[];
  readonly pictures: readonly string[];
  /** What GitHub makes of its headings: `#the-promises`. */
  readonly anchors: ReadonlySet<string>;
  /** What stands in backticks. */
  readonly codes: readonly string[];
  /** The lines of its shell blocks. */
  readonly shellLines: readonly string[];
  readonly quotedTests: readonly QuotedTest[];
}

const markdown = new MarkdownIt();

export function parsePage(path: string, text: string): Page {
  const blocks = markdown.parse(text, {});
  const inline = blocks.flatMap(({ children }) => children ?? []);
  return {
    path,
    links: attributesOf(inline, 'href'),
    pictures: attributesOf(inline, 'src'),
    anchors: anchorsOf(blocks),
    codes: inline.filter(isCode).map(({ content }) => content),
    shellLines: blocks.filter(({ info }) => info === 'sh').flatMap(({ content }) => content.split('\n')),
    quotedTests: blocks.flatMap(({ children }) => quotedTestsOf(children ?? [])),
  };
}

function attributesOf(tokens: readonly Token[], name: string): string[] {
  return tokens.flatMap((token) => token.attrGet(name) ?? []).map(String);
}

function anchorsOf(blocks: readonly Token[]): Set<string> {
  const slugger = new GithubSlugger();
  const headings = blocks.filter((_block, index) => blocks[index - 1]?.type === 'heading_open');
  return new Set(headings.map(({ children }) => slugger.slug(plainTextOf(children ?? []))));
}

/** `acquisition.spec` “mints once”, “and again”: the quotes that follow the name of a file. */
function quotedTestsOf(tokens: readonly Token[]): QuotedTest[] {
  return tokens.flatMap((token, index) => {
    if (!isCode(token) || !/\.(ts|spec|e2e-spec)$/.test(token.content)) return [];
    const end = tokens.findIndex((later, place) => place > index && isCode(later));
    const after = plainTextOf(tokens.slice(index + 1, end === -1 ? undefined : end));
    return [...after.matchAll(/“([^”]+)”/g)].map(([, test = '']) => ({ file: token.content, test }));
  });
}

function plainTextOf(tokens: readonly Token[]): string {
  return tokens.map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('');
}

function isCode({ type }: Token): boolean {
  return type === 'code_inline';
}
