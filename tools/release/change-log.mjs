const UNRELEASED = '## [Unreleased]\n';

/**
 * Gives what is unreleased to a version. What stands before the first heading of changes, such as that nothing is released yet, is
 * dropped.
 *
 * @param {string} changeLog in the form of Keep a Changelog
 * @param {string} version without `v`
 * @param {string} date as 2026-11-26
 * @returns {{ text: string, section: string }} the change log, and the section of that version alone
 * @throws Error when there is nothing to release, or the version is there already
 */
export function closeUnreleased(changeLog, version, date) {
  if (changeLog.includes(`\n## [${version}]`)) throw new Error(`CHANGELOG.md has a section of ${version} already`);
  const [before, after] = changeLog.split(UNRELEASED);
  if (after === undefined) throw new Error('CHANGELOG.md has no section "## [Unreleased]"');
  const [unreleased = '', ...older] = after.split(/^(?=## \[)/m);
  const changes = unreleased.slice(unreleased.search(/^### /m)).trim();
  if (!changes.startsWith('### ')) throw new Error('CHANGELOG.md names no change that is unreleased');
  const section = `## [${version}] - ${date}\n\n${changes}\n`;
  return { text: [`${before}${UNRELEASED}\n${section}`, ...older].join('\n'), section };
}
