import { posix } from 'node:path';
import { type Page } from './page.js';
import { files, folders } from './workspace.js';

/** Links to a file, a picture, a folder or a heading of this workspace that is not there. */
export function brokenLinks(page: Page, pages: readonly Page[]): string[] {
  return [...page.links, ...page.pictures].filter(
    (link) => !/^[a-z]+:/i.test(link) && !leadsSomewhere(link, page, pages),
  );
}

/** The pages that show a picture, which is named from the root of the workspace. */
export function pagesThatShow(picture: string, pages: readonly Page[]): Page[] {
  return pages.filter(({ path, pictures }) =>
    pictures.some((link) => posix.join(posix.dirname(path), link) === picture),
  );
}

function leadsSomewhere(link: string, page: Page, pages: readonly Page[]): boolean {
  const [place = '', anchor] = decodeURI(link).split('#');
  const path = place === '' ? page.path : posix.join(posix.dirname(page.path), place).replace(/\/$/, '');
  if (!files.includes(path) && !folders.has(path)) return false;
  return anchor === undefined || pages.some((other) => other.path === path && other.anchors.has(anchor));
}
