/**
 * The fields of a package that only the place of its repository tells. The workspace holds none of them: a placeholder would be
 * published one day.
 *
 * @param {string} remote the URL of the remote, as git writes it
 * @param {string} directory of the package in the repository
 * @throws Error when it is no URL of a host
 */
export function publishedFields(remote, directory) {
  const [, host, path] =
    /^(?:https:\/\/(?:[^@/]+@)?|ssh:\/\/git@|git@)([^/:]+)[/:](.+?)(?:\.git)?\/?$/.exec(remote) ?? [];
  if (!host || !path) throw new Error('The remote "origin" is no https or ssh URL of a host: set it, or remove it');
  const home = `https://${host}/${path}`;
  return {
    homepage: `${home}#readme`,
    repository: { type: 'git', url: `git+${home}.git`, directory },
    bugs: { url: `${home}/issues` },
  };
}
