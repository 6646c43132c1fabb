import { readBody } from './bounded-body.js';

/** The fields of an answer, whatever form it has. */
export type AnswerFields = Readonly<Record<string, unknown>>;

const FORM = /^[\w.%+-]+=[^\s&]*(?:&[\w.%+-]+=[^\s&]*)*$/;

/**
 * Reads a body as a JSON object or as a form (`application/x-www-form-urlencoded`), whatever its content type says; undefined
 * when it is anything else.
 *
 * @throws TokenResponseInvalidError when the body is longer than 1 MiB
 */
export async function readFields(response: Response): Promise<AnswerFields | undefined> {
  const text = (await readBody(response)).replace(/^\uFEFF/, '').trim();
  return FORM.test(text) ? formFields(text) : jsonFields(text);
}

function jsonFields(text: string): AnswerFields | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}

/** A field that stands there twice has no value. */
function formFields(text: string): AnswerFields {
  const form = new URLSearchParams(text);
  const names = [...new Set(form.keys())];
  return Object.fromEntries(names.map((name) => [name, form.getAll(name).length === 1 ? form.get(name) : undefined]));
}
