/** The library's options of the module and of each integration stand in a `policy` section of the file, but for three of them. */
export function policyPathOf(field: string): string {
  const [, integration = '', option = ''] = /^(integrations\.[^.]+\.)?(.*)$/.exec(field) ?? [];
  // An item of a list is `keys[0]` with the library, and `keys.0` in the file.
  if (/^encryption\b/.test(field)) return field.replace(/\[(\d+)\]/g, '.$1');
  return /^(credential|warmUp)\b/.test(option) ? field : `${integration}policy.${option}`;
}
