/** Turns one reference into another. */
export type Rewrite = (reference: string) => string;

/** How the references in the value of a header field are rewritten; what cannot be parsed stays as it is. */
export type FieldRewrite = (value: string, rewrite: Rewrite) => string;

const whole: FieldRewrite = (value, rewrite) => rewrite(value);

/** Quoted strings are matched as well, so that nothing in them is taken for a target. An unclosed one ends with the field. */
const LINK_PARTS = /<([^<>]*)>|(;\s*anchor\s*=\s*")([^"\\]*)"|"(?:[^"\\]|\\.)*\\?(?:"|$)/gi;

/** Targets and anchors of each link (RFC 8288 section 3). */
const link: FieldRewrite = (value, rewrite) =>
  value.replace(LINK_PARTS, (part, target?: string, anchor?: string, context = '') => {
    if (target !== undefined) return `<${rewrite(target)}>`;
    return anchor === undefined ? part : `${anchor}${rewrite(context as string)}"`;
  });

const REFRESH = /^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)(["']?)(.*)$/i;

/** The URL after the delay, as browsers read it (HTML, "shared declarative refresh steps"). */
const refresh: FieldRewrite = (value, rewrite) => {
  const [, delay, quote = '', rest = ''] = REFRESH.exec(value) ?? [];
  if (delay === undefined || rest === '') return value;
  const end = quote === '' ? -1 : rest.indexOf(quote);
  const url = end < 0 ? rest : rest.slice(0, end);
  return `${delay}${quote}${rewrite(url)}${end < 0 ? '' : rest.slice(end)}`;
};

/** Fields of a response that hold references (RFC 9110, RFC 8288), and those by which long operations are polled. */
export const REFERENCE_FIELDS: ReadonlyMap<string, FieldRewrite> = new Map([
  ['location', whole],
  ['content-location', whole],
  ['operation-location', whole],
  ['azure-asyncoperation', whole],
  ['link', link],
  ['refresh', refresh],
]);
