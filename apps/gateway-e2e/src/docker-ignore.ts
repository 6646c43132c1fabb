/** Answers whether the builder never gets to see a path, as a `.dockerignore` without exceptions says. */
export function dockerIgnore(source: string): (path: string) => boolean {
  const patterns = source
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => new RegExp(`^${line.split('**/').map(escape).join('(.*/)?')}(/|$)`));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function escape(pattern: string): string {
  return pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*');
}
