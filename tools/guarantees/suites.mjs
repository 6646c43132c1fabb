/** The rows of each spec file together, in the order of their first row. */
export function suitesOf(rows) {
  const suites = new Map();
  for (const row of rows) {
    const { project, spec } = row;
    const name = `${project}/${spec}`;
    if (!suites.has(name)) suites.set(name, { project, spec, rows: [] });
    suites.get(name).rows.push(row);
  }
  return [...suites.values()];
}
