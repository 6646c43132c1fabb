import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
/** Edits a file of a build in place. @throws Error when the text is not there exactly once */
export function applyEdit(directory, edit) {
    const misfit = misfitOf(directory, edit);
    if (misfit !== undefined)
        throw new Error(misfit);
    const path = join(directory, edit.file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(patternOf(edit.find), () => edit.replace));
}
/** Why an edit cannot be made, and where its text went, if it did. */
export function misfitOf(directory, { file, find }) {
    const files = filesOf(directory);
    const timesIn = (other) => readFileSync(join(directory, other), 'utf8').match(patternOf(find))?.length ?? 0;
    const times = files.includes(file) ? timesIn(file) : 0;
    if (times === 1)
        return undefined;
    const problem = files.includes(file) ? `${file} has it ${times} times` : `there is no ${file}`;
    const elsewhere = files.filter((other) => other !== file && timesIn(other) > 0);
    const hint = elsewhere.length > 0 ? `, but it is in ${elsewhere.join(', ')}` : '';
    return `a text must be there exactly once, and ${problem}${hint}: ${find}`;
}
function patternOf(text) {
    const words = text.trim().split(/\s+/);
    const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(escaped.join('\\s+'), 'g');
}
function filesOf(directory) {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    return names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.js'));
}
//# sourceMappingURL=edit.js.map