/** The library's options of the module and of each integration stand in a `policy` section of the file, but for two of them. */
export function policyPathOf(field: string): string {
  const [, integration = '', option = ''] = /^(integrations\.[^.]+\.)?(.*)$/.exec(field) ?? [];
  return /^(credential|warmUp)\b/.test(option) ? field : `${integration}policy.${option}`;
}
