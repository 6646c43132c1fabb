import { brokenCommands } from './commands.js';
import { brokenLinks, pagesThatShow } from './links.js';
import { brokenNames, brokenQuotes } from './names.js';
import { parsePage } from './page.js';
import { contentOf, files } from './workspace.js';

/** Functions of Nest, prom-client and Prometheus that no source of ours calls by that name. */
const EXTERNAL = new Set([
  'app.enableShutdownHooks()',
  'AggregatorRegistry.clusterMetrics()',
  'registry.resetMetrics()',
  'rate()',
  'increase()',
  'httpService.axiosRef',
]);

const pages = files.filter((path) => path.endsWith('.md')).map((path) => parsePage(path, contentOf(path)));
/** A change log keeps the names that a version had. */
const pagesOfToday = pages.filter(({ path }) => !path.endsWith('CHANGELOG.md'));

it('there are pages to hold to the workspace', () => {
  expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/guarantees.md']));
});

it('README links every page; a decision is in the list of decisions, and a fixture tells where it stands', () => {
  const { links } = pages.find(({ path }) => path === 'README.md')!;
  const others = pages.map(({ path }) => path).filter((path) => path !== 'README.md');
  const isListed = (path: string) => links.includes(path) || /^docs\/decisions\/(?!README)|\/fixtures\//.test(path);
  expect(others.filter((path) => !isListed(path))).toEqual([]);
});

it.each(pages.filter(({ path }) => /^libs\/[\w-]+\/README\.md$/.test(path)))(
  '$path links to nothing that is not in the package, since a registry shows it alone',
  ({ links }) => expect(links.filter((link) => !/^(https:|#)/.test(link))).toEqual([]),
);

it.each(files.filter((path) => /^docs\/.*\.(svg|png|gif|jpe?g|webp)$/.test(path)))(
  '%s is a picture that a page shows, with the command that makes it',
  (picture) => {
    const showing = pagesThatShow(picture, pages);
    expect(showing).not.toEqual([]);
    for (const { codes, shellLines } of showing)
      expect([...codes, ...shellLines].join('\n')).toMatch(/^npm run (demo|bench:page)\b/m);
  },
);

it.each(['README.md', 'docs/demo.md'])('%s says of the picture of the demo what it shows', (path) => {
  const [, said = ''] = /!\[(.*)\]\([\w/]*images\/mints\.svg\)/.exec(contentOf(path)) ?? [];
  const shown = [...contentOf('docs/images/mints.svg').matchAll(/cache[^<:]*: (\d+)</g)].map(([, mints]) => mints);
  expect(shown).toHaveLength(2);
  expect(said.match(/\d+/g)).toEqual(shown);
});

describe.each(pages)('$path', (page) => {
  it('links only to files and headings that exist', () => {
    expect(brokenLinks(page, pages)).toEqual([]);
  });
});

describe.each(pagesOfToday)('$path', (page) => {
  it('shows only commands that exist', () => {
    expect(brokenCommands(page)).toEqual([]);
  });

  it('names only files, entry points, options and codes that exist', () => {
    expect(brokenNames(page, EXTERNAL)).toEqual([]);
  });

  it('quotes only tests that exist', () => {
    expect(brokenQuotes(page)).toEqual([]);
  });
});
