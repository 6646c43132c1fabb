/** Keeps audit lines out of the output of a test, and gives them to it. */
export function captureAudit(): { readonly lines: Record<string, unknown>[]; stop(): void } {
  const lines: Record<string, unknown>[] = [];
  const write = process.stdout.write.bind(process.stdout);
  const written = jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    const text = String(line);
    if (!text.startsWith('{"audit"')) return write(line);
    lines.push(JSON.parse(text) as Record<string, unknown>);
    return true;
  });
  return { lines, stop: () => written.mockRestore() };
}
