/** The library's options of the module and of each integration stand in a `policy` section of the file, but for `credential`. */
export function policyPathOf(field: string): string {
  const [, integration = '', option = ''] = /^(integrations\.[^.]+\.)?(.*)$/.exec(field) ?? [];
  return option === 'credential' ? field : `${integration}policy.${option}`;
}
