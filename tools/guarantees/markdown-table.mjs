/** A Markdown table of rows, a column for each `[title, cellOf]`; without the columns that would be empty. */
export function markdownTable(columns, rows) {
  const cells = rows.map((row) => columns.map(([, cellOf]) => escaped(cellOf(row) ?? '')));
  const used = columns.map((_column, index) => cells.some((row) => row[index] !== ''));
  const lineOf = (line) => `| ${line.filter((_cell, index) => used[index]).join(' | ')} |`;
  return [lineOf(columns.map(([title]) => title)), lineOf(columns.map(() => '---')), ...cells.map(lineOf)].join('\n');
}

function escaped(cell) {
  return String(cell).replaceAll('|', '\\|').replace(/\s+/g, ' ');
}
